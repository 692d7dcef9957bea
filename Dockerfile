#   docker build -t fantail .
#   docker run --rm -p 8080:8080 -e FANTAIL_SOURCE_URL=wss://example.com/feed fantail
#
# Build arguments: GOPROXY for another source of modules, GOFLAGS for the Go
# tool, such as -buildvcs=false in a git worktree.

# The build runs on the builder's own platform and cross-compiles: no emulation.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
ARG GOPROXY=https://proxy.golang.org,direct
ARG GOFLAGS
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod \
    go mod download
# With .git, so that `fantail version` names the commit.
COPY . .
ARG TARGETOS
ARG TARGETARCH
RUN --mount=type=cache,target=/go/pkg/mod \
    --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \
    go build -trimpath -ldflags="-s -w" -o /fantail ./cmd/fantail

# scratch and not distroless: the program is static, resolves names by itself and
# logs in UTC. All else that it needs are the certificates of public
# authorities, for wss sources.
FROM scratch
LABEL org.opencontainers.image.title="fantail" \
      org.opencontainers.image.description="Relays one live feed to tens of thousands of clients" \
      org.opencontainers.image.licenses="MIT"
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /fantail /fantail

# The source is set and empty: the relay refuses to start until it is given one,
# and nobody takes the demo's prices for real ones. The admin listener is not on
# the loopback interface, where no scraper could reach it: do not publish its
# port to the world. Goroutines start on 2 KiB stacks: 2 KiB less for each client.
ENV FANTAIL_SOURCE_URL= \
    FANTAIL_ADMIN_LISTEN=:9090 \
    GODEBUG=adaptivestackstart=0
EXPOSE 8080 9090

# Numbers, since there is no /etc/passwd, and since Kubernetes' runAsNonRoot
# believes nothing else.
USER 65532:65532

# docker stop kills after 10 s: FANTAIL_DRAIN_DELAY and FANTAIL_DRAIN_WINDOW
# together are below that by default.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s --retries=3 CMD ["/fantail", "health"]
ENTRYPOINT ["/fantail"]
