/** The web door: middleware and routes. It does not listen; listen.ts does. */
import { fileURLToPath } from "node:url";
import express, { type Express } from "express";
import type { Needs as ChangeNeeds } from "../actions/change-preferences.ts";
import type { Needs as ConfirmNeeds } from "../actions/confirm.ts";
import type { Needs as EraseNeeds } from "../actions/erase-reader.ts";
import type { Needs as ExportNeeds } from "../actions/export-reader.ts";
import type { Needs as NeverNeeds } from "../actions/never-again.ts";
import type { Needs as PreviewNeeds } from "../actions/preview.ts";
import type { Needs as RequestNeeds } from "../actions/request-subscription.ts";
import type { Needs as ReasonNeeds } from "../actions/tell-reason.ts";
import type { Needs as UndoNeeds } from "../actions/undo-unsubscribe.ts";
import type { Needs as UnsubscribeNeeds } from "../actions/unsubscribe.ts";
import type { DomainList } from "../core/domain-list.ts";
import type { Links } from "../core/link.ts";
import type { Texts } from "../core/text.ts";
import type { Catalogue } from "../core/topics.ts";
import type { Log } from "../log.ts";
import type { Editions } from "../store/editions.ts";
import type { PaperRecords } from "../store/paper-records.ts";
import type { Shelf } from "../store/shelf.ts";
import type { Subscriptions } from "../store/subscriptions.ts";
import { type GuardApp, openGuard } from "./abuse.ts";
import { accountRoutes } from "./account.ts";
import { type AdminApp, adminRoutes } from "./admin/routes.ts";
import type { OperatorApp } from "./api/operator.ts";
import { apiRoutes } from "./api.ts";
import { archiveRoutes } from "./archive.ts";
import { openAssets } from "./assets.ts";
import { namedIsConditional } from "./caching.ts";
import { compress } from "./compress.ts";
import { confirmationRoutes } from "./confirmation.ts";
import { docsRoutes, swaggerFiles } from "./docs.ts";
import { faults, notFound } from "./faults.ts";
import { feedRoutes } from "./feeds.ts";
import type { Scraped } from "./metrics.ts";
import { type MovedApp, moved } from "./moved.ts";
import { observe } from "./observe.ts";
import { operationsRoutes } from "./operations.ts";
import { openPages } from "./pages.ts";
import { paperRoutes } from "./papers.ts";
import { preferencesRoutes } from "./preferences.ts";
import { privacyRoutes } from "./privacy.ts";
import { type ReportNeeds, reportRoutes } from "./reports.ts";
import { garbledIsUnknown, security } from "./security.ts";
import { subscriptionRoutes } from "./subscriptions.ts";
import { unsubscribeRoutes } from "./unsubscribe.ts";

/** What the routes need: what their actions need, what pages read, and a few settings. */
export type WebApp = RequestNeeds &
  ConfirmNeeds &
  NeverNeeds &
  ChangeNeeds &
  UnsubscribeNeeds &
  UndoNeeds &
  ReasonNeeds &
  PreviewNeeds &
  EraseNeeds &
  ExportNeeds &
  ReportNeeds &
  GuardApp &
  AdminApp &
  MovedApp &
  Scraped &
  Pick<OperatorApp, "apiToken"> & {
    readonly subscriptions: Pick<Subscriptions, "findById">;
    readonly editions: Pick<Editions, "list" | "placeOf">;
    readonly paperRecords: Pick<PaperRecords, "find">;
    readonly shelf: Pick<Shelf, "get" | "latest">;
    readonly links: Links;
    readonly texts: Texts;
    readonly catalogue: Catalogue;
    readonly log: Log;
    readonly now: () => Date;
    /** `https://paperboy.example.org`, without a slash at its end. Addresses are made from it, never from a request's Host. */
    readonly publicUrl: () => string;
    readonly postalAddress: string | null;
    /** When an edition closes: `HH:MM`, UTC. */
    readonly closesAt: string;
    /** From leaving to automatic erasure, and from a delivery to its deletion. */
    readonly retentionDays: number;
    /** As Express takes it: a number of proxies, or their addresses. */
    readonly trustProxy: number | string;
    /** Where addresses are for a few minutes; empty unless the operator brings a list. */
    readonly refusedDomains: DomainList;
    /** Each part there is: `ok`, or what is wrong with it. */
    readonly ready: () => Promise<Readonly<Record<string, string>>>;
    /** The parts this process cannot work without: for pages the database, for workers all of them. */
    readonly needs: readonly string[];
  };

const TEMPLATES = fileURLToPath(new URL("../../templates", import.meta.url));

/** @throws {Invalid} when a page is broken or says what no text catalogue has */
export function createServer(app: WebApp): Express {
  const assets = openAssets(`${TEMPLATES}/assets`, swaggerFiles());
  const pages = openPages({
    folder: `${TEMPLATES}/pages`,
    texts: app.texts,
    assetUrl: assets.urlOf,
    postalAddress: app.postalAddress,
  });

  const server = express();
  server.set("trust proxy", app.trustProxy);
  server.set("query parser", "simple");
  server.use(observe(app), security(app), moved(app), garbledIsUnknown, namedIsConditional);
  server.use(assets.routes, operationsRoutes(app), reportRoutes(app), adminRoutes(app, pages), compress);
  const guard = openGuard(app);
  server.use("/api/v1", apiRoutes(app, guard));
  server.use(
    pages.dated(() => app.shelf.latest()),
    docsRoutes(app, pages, assets.urlOf),
  );
  server.use(subscriptionRoutes(app, pages, { guard, assetUrl: assets.urlOf }), confirmationRoutes(app, pages));
  server.use(preferencesRoutes(app, pages, guard), unsubscribeRoutes(app, pages));
  server.use(accountRoutes(app, pages, guard), privacyRoutes(app, pages));
  server.use(archiveRoutes(app, pages), paperRoutes(app, pages), feedRoutes(app, pages));
  server.use(notFound, faults(app, pages));
  return server;
}
