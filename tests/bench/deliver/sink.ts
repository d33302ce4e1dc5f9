/** Takes every mail and forgets it: `node sink.ts PORT`. */
import { createServer } from "node:net";

const END = Buffer.from("\r\n.\r\n");

createServer((socket) => {
  let tail = Buffer.alloc(0);
  let isData = false;
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  socket.write("220 sink ESMTP\r\n");
  socket.on("data", (chunk) => {
    if (isData) {
      // The end may be split over two chunks.
      tail = Buffer.concat([tail.subarray(-4), chunk]);
      if (!tail.subarray(-5).equals(END)) return;
      isData = false;
      socket.write("250 2.0.0 Ok\r\n");
      return;
    }
    for (const line of chunk.toString("latin1").split("\r\n").filter(Boolean)) {
      const verb = line.slice(0, 4).toUpperCase();
      if (verb === "EHLO") socket.write("250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n");
      else if (verb === "DATA") {
        isData = true;
        tail = Buffer.alloc(0);
        socket.write("354 go on\r\n");
      } else if (verb === "QUIT") socket.end("221 bye\r\n");
      else socket.write("250 2.1.0 Ok\r\n");
    }
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
