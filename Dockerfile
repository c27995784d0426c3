# A static binary in an image that holds nothing else:
#   docker build -t seamlint .
#   docker run --rm -v "$PWD:/project:ro" seamlint
FROM rust:1-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /source
COPY . .
RUN cargo build --release --locked && cp target/release/seamlint /seamlint

FROM scratch
COPY --from=build /seamlint /seamlint
WORKDIR /project
USER 65534:65534
ENTRYPOINT ["/seamlint"]
