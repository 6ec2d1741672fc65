//! Dockerfiles.

use super::{File, all_are_found};

#[test]
fn every_image_of_a_dockerfile_is_found() {
    all_are_found("a Dockerfile", FILES);
}

pub(super) const FILES: &[File] = &[
    ("Dockerfile", "FROM alpine:3.20\nRUN apk add curl\n", &["1 alpine:3.20"]),
    (
        "services/web/Dockerfile.prod",
        "# The builder\nFROM golang:1.23 AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /app\n\nFROM gcr.io/distroless/static:nonroot\nCOPY --from=build /app /app\nENTRYPOINT [\"/app\"]\n",
        &["2 golang:1.23", "7 gcr.io/distroless/static:nonroot"],
    ),
    (
        "Containerfile",
        "FROM registry.access.redhat.com/ubi9/ubi-minimal@sha256:611e9100c03c7a2f439bef7070b1fd81f0561619d1b48a5e532f5b52b4f2eb80\n",
        &[
            "1 registry.access.redhat.com/ubi9/ubi-minimal@sha256:611e9100c03c7a2f439bef7070b1fd81f0561619d1b48a5e532f5b52b4f2eb80",
        ],
    ),
    (
        "api.Dockerfile",
        "# syntax=docker/dockerfile:1.7\n# check=skip=all\nARG NODE=20\nARG BASE=node:${NODE}-alpine\nFROM ${BASE} AS deps\nFROM deps AS build\nFROM $BASE\n",
        &["1 docker/dockerfile:1.7", "5 node:20-alpine", "7 node:20-alpine"],
    ),
    (
        "Dockerfile",
        "ARG REGISTRY\nARG TAG\nFROM ${REGISTRY}/base:${TAG:-1.2}\nFROM $REGISTRY/other:$TAG\n",
        &["3 ?REGISTRY", "4 ?REGISTRY,TAG"],
    ),
    (
        "Dockerfile",
        "FROM --platform=linux/amd64 debian:bookworm AS one\nFROM --platform=$BUILDPLATFORM golang:1.23 AS two\nFROM --platform=${TARGETPLATFORM} alpine\n",
        &["1 debian:bookworm linux/amd64", "2 golang:1.23", "3 alpine"],
    ),
    (
        "Dockerfile",
        "FROM scratch\nADD rootfs.tar.xz /\nCOPY --from=busybox:1.36 /bin/busybox /bin/\nCOPY --from=ghcr.io/astral-sh/uv:0.5.4 --chown=1:1 /uv /uvx /bin/\n",
        &["3 busybox:1.36", "4 ghcr.io/astral-sh/uv:0.5.4"],
    ),
    (
        "Dockerfile",
        "FROM rust:1.80 AS planner\nFROM rust:1.80 AS builder\nCOPY --from=planner /recipe.json .\nCOPY --from=0 /x .\nRUN --mount=type=cache,target=/root/.cargo \\\n    --mount=type=bind,from=tonistiigi/xx:1.5,source=/usr/bin,target=/xx \\\n    cargo build\n",
        &["1 rust:1.80", "2 rust:1.80", "6 tonistiigi/xx:1.5"],
    ),
    (
        "Dockerfile",
        "FROM alpine:3.20 AS base\nRUN <<EOF\nFROM not-an-image:1\nCOPY --from=neither /a /b\nEOF\nCOPY <<-'A' <<B /etc/\n\tFROM nor-this\nA\nFROM nor-that\nB\nFROM base\n",
        &["1 alpine:3.20"],
    ),
    (
        "Dockerfile",
        "FROM \\\n  # a comment between\n  --platform=linux/arm64 \\\n  alpine:3.20 \\\n  AS base\nRUN echo \\\n\n  FROM x\n",
        &["4 alpine:3.20 linux/arm64"],
    ),
    (
        "windows/Dockerfile",
        "# escape=`\n\nFROM mcr.microsoft.com/windows/servercore:ltsc2022 AS core\nRUN dir `\n  C:\\\\\nFROM core\n",
        &["3 mcr.microsoft.com/windows/servercore:ltsc2022"],
    ),
    ("Dockerfile", "from Alpine:3 as Base\nfrom base\nFROM BASE as last\ncopy --from=LAST /a /b\n", &["1 Alpine:3"]),
    ("Dockerfile", "FROM later AS first\nFROM alpine AS later\nCOPY --from=later /x /y\n", &["1 later", "2 alpine"]),
    (
        "Dockerfile",
        "FROM alpine AS base-amd64\nFROM arm64v8/alpine AS base-arm64\nFROM base-${TARGETARCH}\nFROM other-${TARGETARCH}\n",
        &["1 alpine", "2 arm64v8/alpine", "4 ?TARGETARCH"],
    ),
    ("Dockerfile", "FROM alpine:3\nARG BASE=debian:12\nFROM $BASE\n", &["1 alpine:3", "3 ?BASE"]),
    (
        "Dockerfile",
        "ARG A=1 B='alpine' C=\"3.${A}\"\nFROM ${B}:${C}\nFROM \"quay.io/a/b:${A}\"\nFROM a/b${A:+:x}\nFROM ${A:?needed}\nFROM a:${A%1}\n",
        &["2 alpine:3.1", "3 quay.io/a/b:1", "4 a/b:x", "5 1", "6 ?A"],
    ),
    (
        "Dockerfile",
        "FROM alpine\nONBUILD COPY --from=acme/tools:2 /t /t\nONBUILD RUN --mount=from=acme/run,target=/x true\n",
        &["1 alpine", "2 acme/tools:2", "3 acme/run"],
    ),
    ("Dockerfile", "ARG STAGE=prod\nFROM nginx AS dev\nFROM nginx AS prod\nFROM ${STAGE}\n", &["2 nginx", "3 nginx"]),
    (
        "Dockerfile",
        "FROM alpine\nCOPY --from=$IMAGE /a /b\nRUN --mount=type=bind,from=${X},target=/x true\n",
        &["1 alpine", "2 !", "3 !"],
    ),
    (
        "build/docker/Dockerfile.alpine",
        "FROM python:3.12-slim-bookworm@sha256:af4e85f1cac90dd3771e47292ea7c8a9830abfabbe4faa5c53f158854c2e819d\nLABEL org.opencontainers.image.source=\"https://github.com/a/b\" FROM=\"x\"\nENV FROM=alpine\nCMD [\"FROM\", \"alpine\"]\nHEALTHCHECK CMD curl -f http://localhost/ || exit 1\n",
        &["1 python:3.12-slim-bookworm@sha256:af4e85f1cac90dd3771e47292ea7c8a9830abfabbe4faa5c53f158854c2e819d"],
    ),
    (
        "",
        "# comment\nARG V=22.04\nFROM ubuntu:$V\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\nRUN echo FROM nothing\n",
        &["3 ubuntu:22.04"],
    ),
    ("Dockerfile", "FROM a/one:1 AS same\nFROM a/two:2 AS same\nFROM same\n", &["1 a/one:1", "2 a/two:2"]),
    (
        "Dockerfile",
        "FROM alpine\nRUN --mount=type=secret,id=x --mount=\"type=bind,from=acme/quoted:1,target=/q\" true\n",
        &["1 alpine", "2 acme/quoted:1"],
    ),
];
