/** How things stand, and whether digests go out: stopped for all, and let go again. */
import { Router } from "express";
import { asOperator } from "../../../actions/as-operator.ts";
import { resumeSending } from "../../../actions/resume-sending.ts";
import type { Stop } from "../../../store/stops.ts";
import type { AdminApp } from "../../admin/routes.ts";
import { readJson } from "../../bodies.ts";
import { answer } from "../../methods.ts";
import type { Told } from "../answers.ts";
import { bodyOf } from "../bodies.ts";
import { editionJson } from "./editions.ts";
import * as schemas from "./schemas.ts";

export function sendingApi(app: AdminApp): Router {
  const router = Router();

  answer(router, "/operator/overview", {
    async get(_req, res) {
      const [[edition], stops, incidents, readers] = await Promise.all([
        app.editions.list(1, null),
        app.stops.standing(),
        app.incidents.standing(),
        app.dayCounts.readers(),
      ]);
      const deliveries = edition && (await app.tallies.byEdition(edition.date));
      const overview: Told<typeof schemas.overviewAnswer> = {
        edition: edition && deliveries ? { ...editionJson(edition), deliveries } : null,
        stops: stops.map(stopJson),
        incidents: incidents.map(({ kind, subject, words, beganAt }) => ({
          ...{ kind, subject, words, beganAt: beganAt.toJSON() },
        })),
        readers,
      };
      res.json(overview);
    },
  });

  answer(router, "/operator/stops", {
    async get(_req, res) {
      res.json((await app.stops.standing()).map(stopJson));
    },
    post: [
      ...readJson,
      async (req, res) => {
        const { because } = bodyOf(schemas.stopBody, req);
        await asOperator(
          app,
          { by: "api", what: "pause", about: null, details: {} },
          () => app.gate.pause(because),
          ({ isNew }) => ({ isNew }),
        );
        res.json((await app.stops.standing()).map(stopJson));
      },
    ],
    async delete(_req, res) {
      const lifted = await asOperator(
        app,
        { by: "api", what: "resume", about: null, details: {} },
        () => resumeSending(app),
        (stops) => ({ lifted: stops.length }),
      );
      res.json(lifted.map(stopJson));
    },
  });

  return router;
}

function stopJson({ editionDate, because, at }: Stop): Told<typeof schemas.stopsAnswer>[number] {
  return { edition: editionDate, because, at: at.toJSON() };
}
