import type { RequestHandler, Router } from "express";
import { Refused } from "./faults.ts";

type Method = "get" | "post" | "patch" | "delete";

/** A path and the methods it knows. Any other is refused with the list of them; OPTIONS is given the list and nothing more. */
export function answer(
  router: Router,
  path: string,
  handlers: Partial<Record<Method, RequestHandler | RequestHandler[]>>,
) {
  const route = router.route(path);
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
    res.status(204).end();
  });
}
