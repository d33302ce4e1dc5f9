// Finds the number of a challenge (core/challenge.ts): SHA-256 (FIPS 180-4) of the salt and the number. Written out here,
// for crypto.subtle is asynchronous, which takes ten times as long for a few letters, and is missing on plain http.
addEventListener("message", ({ data: { algorithm, challenge, maxnumber, salt, signature } }) => {
  const number = find(challenge, salt, maxnumber);
  postMessage(number === null ? "" : btoa(JSON.stringify({ algorithm, challenge, number, salt, signature })));
});

const primes = [];
for (let candidate = 2; primes.length < 64; candidate++)
  if (primes.every((prime) => candidate % prime)) primes.push(candidate);
const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) | 0;
const START = primes.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)));
const ROUND = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));

function find(challenge, salt, most) {
  const wanted = challenge.match(/.{8}/g).map((word) => Number.parseInt(word, 16) | 0);
  const head = [...salt].map((letter) => letter.charCodeAt(0));
  // The blocks that hold the salt alone are the same for every number.
  const whole = head.length - (head.length % 64);
  const before = Int32Array.from(START);
  for (let at = 0; at < whole; at += 64) mix(before, head.slice(at, at + 64));
  const rest = head.slice(whole);
  const hash = new Int32Array(8);
  let block = new Uint8Array();
  let digits = 0;
  for (let number = 0; number <= most; number++) {
    const letters = String(number);
    if (letters.length !== digits) {
      digits = letters.length;
      block = padded(rest, digits, head.length);
    }
    for (let at = 0; at < digits; at++) block[rest.length + at] = letters.charCodeAt(at);
    hash.set(before);
    mix(hash, block);
    if (block.length > 64) mix(hash, block, 64);
    if (hash[0] === wanted[0] && hash.every((word, index) => word === wanted[index])) return number;
  }
  return null;
}

/** The end of the message, with room for the digits: what is left of the salt, those, a one, zeros, and the length in bits. */
function padded(rest, digits, headLength) {
  const used = rest.length + digits;
  const bytes = new Uint8Array(Math.ceil((used + 9) / 64) * 64);
  bytes.set(rest);
  bytes[used] = 0x80;
  new DataView(bytes.buffer).setUint32(bytes.length - 4, (headLength + digits) * 8);
  return bytes;
}

const words = new Int32Array(64);
const turned = (word, by) => (word >>> by) | (word << (32 - by));

function mix(hash, bytes, from = 0) {
  for (let at = 0; at < 16; at++) {
    const word = from + at * 4;
    words[at] = (bytes[word] << 24) | (bytes[word + 1] << 16) | (bytes[word + 2] << 8) | bytes[word + 3];
  }
  for (let at = 16; at < 64; at++) {
    const early = words[at - 15];
    const late = words[at - 2];
    const one = turned(early, 7) ^ turned(early, 18) ^ (early >>> 3);
    const two = turned(late, 17) ^ turned(late, 19) ^ (late >>> 10);
    words[at] = (words[at - 16] + one + words[at - 7] + two) | 0;
  }
  let [a, b, c, d, e, f, g, h] = [hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7]];
  for (let at = 0; at < 64; at++) {
    const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[at] + words[at]) | 0;
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  hash[0] += a;
  hash[1] += b;
  hash[2] += c;
  hash[3] += d;
  hash[4] += e;
  hash[5] += f;
  hash[6] += g;
  hash[7] += h;
}
