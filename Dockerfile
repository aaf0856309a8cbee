FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN sh scripts/image-build.sh

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000 DATA_DIR=/data
COPY --from=build /app /app
RUN ln -s /app/apps/server/bin/tenon.mjs /usr/local/bin/tenon && mkdir /data && chown -R node:node /data /app/apps/server/dist
WORKDIR /app
USER node
RUN node apps/server/bundle.mjs --compile
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/health/live`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["tenon", "serve"]
