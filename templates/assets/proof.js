// Loaded only while the server asks for a proof of work. It is worked out in the background as soon as somebody begins with
// the form; whoever sends it sooner waits a moment. Without this script, or when it fails, the request waits in a queue.
const answer = document.querySelector("input[data-challenge]");
const note = document.querySelector("[data-proving]");
/** Of the ten minutes that a challenge lasts (core/challenge.ts). */
const GOOD_FOR_MS = 8 * 60_000;
/** An old phone takes some seconds; whoever waits longer is better off in the queue. */
const LATE_AFTER_MS = 30_000;

let begun = null;

function solve() {
  const isOld = begun && Date.now() - begun.at > GOOD_FOR_MS;
  if (!begun || isOld) begun = { at: Date.now(), solution: work().catch(nothing) };
  return begun.solution;
}

/** What failed once is tried anew when the form is sent. */
function nothing() {
  begun = null;
  return "";
}

const late = () => new Promise((resolve) => setTimeout(resolve, LATE_AFTER_MS, ""));

async function work() {
  const response = await fetch(answer.dataset.challenge);
  if (!response.ok) throw new Error(`${response.status} for a challenge`);
  const challenge = await response.json();
  const worker = new Worker(answer.dataset.worker);
  try {
    return await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = reject;
      worker.postMessage(challenge);
    });
  } finally {
    worker.terminate();
  }
}

if (answer) {
  const { form } = answer;
  let isProving = false;
  let isProven = false;
  form.addEventListener("focusin", solve, { once: true });
  form.addEventListener("submit", async (event) => {
    // Showing papers sends no mail.
    if (event.submitter?.formNoValidate || event.defaultPrevented) return;
    if (isProven) {
      begun = null; // a proof counts once
      return;
    }
    event.preventDefault();
    if (isProving) return;
    isProving = true;
    note.hidden = false;
    answer.value = await Promise.race([solve(), late()]);
    // Sent through the same button, so that what the button says is sent as well. Not at once: a form sends nothing while
    // it still hears of being sent (HTML, "firing submission events"), as it does when the proof was there before.
    setTimeout(() => {
      isProving = false;
      isProven = true;
      form.requestSubmit(event.submitter);
      isProven = false;
      note.hidden = true;
    });
  });
}
