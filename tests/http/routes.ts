import type { Express } from "express";

/** All routes there are, of whatever depth. */
export function routesOf(server: Express): string[] {
  interface Layer {
    readonly route?: { readonly path: string };
    readonly handle?: { readonly stack?: readonly Layer[] };
  }
  const walk = (layers: readonly Layer[]): string[] =>
    layers.flatMap(({ route, handle }) => [...(route ? [route.path] : []), ...walk(handle?.stack ?? [])]);
  return [...new Set(walk(server.router.stack as unknown as Layer[]))].filter((path) => !path.startsWith("/assets/"));
}
