import type { RequestHandler, Router } from "express";
import { Refused } from "./faults.ts";
import { nameRoute } from "./observe.ts";

type Method = "get" | "post" | "patch" | "delete";

/**
 * A path and the methods it knows. Any other is refused with the list of them; OPTIONS is given the list and nothing more.
 *
 * @param name what it is called where requests are counted, when its path changes with each release
 */
export function answer(
  router: Router,
  path: string,
  handlers: Partial<Record<Method, RequestHandler | RequestHandler[]>>,
  name = path,
) {
  const route = router.route(path);
  route.all((req, res, next) => {
    // Express takes any case of a letter, and each would be counted by itself.
    nameRoute(res, req.baseUrl.toLowerCase() + name);
    next();
  });
  const methods = Object.keys(handlers) as Method[];
  for (const method of methods) route[method](...[handlers[method]!].flat());
  const allowed = [
    "OPTIONS",
    ...methods.flatMap((method) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()])),
  ];
  route.all((req, res) => {
    res.set("Allow", allowed.join(", "));
    if (req.method !== "OPTIONS")
      throw new Refused(405, `${req.method} does nothing here. There is ${allowed.join(", ")}.`);
    if (res.hasHeader("Access-Control-Allow-Origin")) res.set("Access-Control-Allow-Methods", allowed.join(", "));
    res.status(204).end();
  });
}
