import { connect } from "node:net";

/** The first line that a mail server says (RFC 5321 4.2); null when none comes. */
export function greetingOf(host: string, port: number, timeoutMs = 6_000): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let said = "";
    const end = (greeting: string | null) => {
      clearTimeout(late);
      socket.destroy();
      resolve(greeting);
    };
    const late = setTimeout(() => end(null), timeoutMs);
    socket.on("error", () => end(null));
    socket.on("close", () => end(null));
    socket.setEncoding("latin1").on("data", (chunk) => {
      said += chunk;
      const [line, ...more] = said.split(/\r?\n/u);
      // A line that does not end is no greeting (RFC 5321 4.5.3.1.5: 512 bytes).
      if (more.length > 0) end(line!.startsWith("220") ? line!.replace(/^220[ -]/u, "") : null);
      else if (said.length > 512) end(null);
    });
  });
}
