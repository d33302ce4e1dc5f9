/** The operator in front of a browser: reads /admin, fills in the forms that stand there, follows where they lead. */
import { unescaped } from "../http/web.ts";

export interface Operator {
  /** What a person reads on a page, in one line. @throws when it does not answer 200 */
  read(path: string): Promise<string>;
  /** Cells of the table of a page, row by row, without its head. */
  rows(path: string): Promise<string[][]>;
  /** Fills in the form of a page that leads to `action`, presses its button. @returns what a person reads then */
  press(path: string, action: string, fields?: Readonly<Record<string, string>>): Promise<string>;
  /** Where the last press led. */
  where(): string;
}

/** Logged in by the form, with its cookies kept. */
export async function anOperator(url: string, password: string): Promise<Operator> {
  const cookies = new Map<string, string>();
  let where = "/admin";
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const headers = { cookie, connection: "close", origin: url, "sec-fetch-site": "same-origin" };
    const answer = await fetch(url + path, { ...init, redirect: "manual", headers });
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
      cookies.set(name!, value!);
    }
    return answer;
  };
  const page = async (path: string, wanted = 200): Promise<string> => {
    const answer = await ask(path);
    const html = await answer.text();
    if (answer.status !== wanted) throw new Error(`${path} answered ${answer.status}: ${words(html)}`);
    return html;
  };
  const submit = async (html: string, action: string, fields: Readonly<Record<string, string>>): Promise<string> => {
    const form = [...html.matchAll(/<form\b[^>]*>.*?<\/form>/gs)].find(([tag]) => tag.includes(`action="${action}"`));
    if (!form) throw new Error(`no form leads to ${action}: ${words(html)}`);
    const inputs = [...form[0].matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag);
    const named = (tag: string) => /\bname="([^"]*)"/.exec(tag)?.[1] ?? "";
    const unknown = Object.keys(fields).filter((name) => !inputs.some((tag) => named(tag) === name));
    if (unknown.length > 0) throw new Error(`the form to ${action} does not ask for ${unknown.join(", ")}`);
    const hidden = inputs
      .filter((tag) => tag.includes('type="hidden"'))
      .map((tag) => [named(tag), unescaped(/\bvalue="([^"]*)"/.exec(tag)?.[1] ?? "")]);
    const body = new URLSearchParams([...hidden, ...Object.entries(fields)] as [string, string][]);
    const answer = await ask(action, { method: "POST", body });
    const text = await answer.text();
    if (answer.status !== 303) throw new Error(`${action} answered ${answer.status}: ${words(text)}`);
    where = answer.headers.get("location")!;
    return page(where);
  };

  await submit(await page("/admin", 401), "/admin/login", { password });
  return {
    read: async (path) => words(await page(path)),
    rows: async (path) =>
      [...(await page(path)).matchAll(/<tr>(.*?)<\/tr>/gs)]
        .map(([, row]) => [...row!.matchAll(/<td[^>]*>(.*?)<\/td>/gs)].map(([, cell]) => words(cell!)))
        .filter((cells) => cells.length > 0),
    press: async (path, action, fields = {}) => words(await submit(await page(path), action, fields)),
    where: () => where,
  };
}

function words(html: string): string {
  return unescaped(html.replace(/^.*<main[^>]*>/s, "").replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .trim();
}
