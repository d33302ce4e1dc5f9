/**
 * The program of the process that runs MJML (see mjml.ts): takes a mail, answers its html or what is wrong with it, until
 * nobody is connected. Plain JavaScript, so that it needs no loader.
 */
import mjml2html from "mjml";

process.on("message", async (/** @type {{ id: number, mail: import("./mjml.ts").MjmlSource }} */ { id, mail }) => {
  const { source, ...options } = mail;
  const compiled = await mjml2html(source, options).then(
    ({ html }) => ({ html }),
    (error) => ({ problem: error instanceof Error ? error.message : String(error) }),
  );
  // Who asked may have gone meanwhile.
  process.send?.({ id, ...compiled }, () => {});
});
