//! Compose files, workflows and actions of GitHub, devcontainers.

use super::{File, all_are_found};

#[test]
fn every_image_of_a_project_is_found() {
    for (format, files) in FILES {
        all_are_found(format, files);
    }
}

pub(super) const FILES: &[(&str, &[File])] = &[
    ("a compose file", COMPOSE),
    ("a workflow of GitHub Actions", WORKFLOWS),
    ("an action of GitHub", ACTIONS),
    ("a devcontainer.json", DEVCONTAINERS),
];

const COMPOSE: &[File] = &[
    (
        "compose.yaml",
        "services:\n  web:\n    image: nginx:1.27\n    environment:\n      image: not-this\n  db:\n    image: \"postgres:${PG:-16}\"\n    profiles: [debug]\n",
        &["3 nginx:1.27", "7 postgres:16"],
    ),
    (
        "docker-compose.yml",
        "version: '3.8'\nx-image: &image\n  image: acme/base:1\nservices:\n  one:\n    <<: *image\n  two:\n    <<: *image\n    image: acme/two:2\n",
        &["3 acme/base:1", "9 acme/two:2"],
    ),
    (
        "compose.override.yaml",
        "services:\n  app:\n    build: .\n  tagged:\n    build: {context: .}\n    image: ghcr.io/acme/tagged:dev\n  built:\n    build: .\n    image: acme/built\n    pull_policy: build\n  cache:\n    image: redis:${REDIS_VERSION}\n",
        &["6 ghcr.io/acme/tagged:dev", "12 ?REDIS_VERSION"],
    ),
    (
        "compose.yml",
        "services:\n  a: {image: '${REGISTRY:-docker.io}/acme/a:${TAG-latest}'}\n  b: {image: \"${REGISTRY:?set it}/acme/b\"}\n  c: {image: \"acme/c$$x\"}\n  d:\n    image:\n  e:\n    extends:\n      file: other.yaml\n      service: base\n",
        &["2 docker.io/acme/a:latest", "3 ?REGISTRY", "4 acme/c$x", "9 !"],
    ),
    (
        "docker-compose.ci.yml",
        "services:\n  app:\n    build:\n      dockerfile_inline: |\n        FROM alpine:3.20 AS a\n        FROM a\n        COPY --from=acme/tools:1 /t /t\n      additional_contexts:\n        - base=docker-image://debian:12\n    volumes:\n      - type: image\n        source: acme/data:3\n        target: /data\n      - ./x:/x\n",
        &["5 alpine:3.20", "7 acme/tools:1", "9 debian:12", "12 acme/data:3"],
    ),
    (
        "stack.yml",
        "services:\n  m:\n    image: mongo@sha256:611e9100c03c7a2f439bef7070b1fd81f0561619d1b48a5e532f5b52b4f2eb80\n    deploy: {replicas: 2}\nnetworks: {image: {}}\nvolumes: {image: {}}\n",
        &["3 mongo@sha256:611e9100c03c7a2f439bef7070b1fd81f0561619d1b48a5e532f5b52b4f2eb80"],
    ),
];

const WORKFLOWS: &[File] = &[
    (
        ".github/workflows/ci.yml",
        "name: ci\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    container: node:20\n    services:\n      db:\n        image: postgres:16\n        env: {image: no}\n    steps:\n      - uses: actions/checkout@v4\n      - uses: docker://alpine:3.20\n      - run: docker run not-this\n",
        &["6 node:20", "9 postgres:16", "13 alpine:3.20"],
    ),
    (
        ".github/workflows/matrix.yaml",
        "on: [push]\njobs:\n  a:\n    runs-on: ubuntu-latest\n    strategy:\n      matrix:\n        image: [debian:12, 'fedora:41']\n        version: [8, \"3.10\"]\n        include:\n          - image: alpine:3.20\n    container:\n      image: ${{ matrix.image }}\n    services:\n      x: {image: \"acme/x:${{matrix.version}}\"}\n      y: {image: \"acme/y:${{ env.TAG }}\"}\n",
        &["12 debian:12", "12 fedora:41", "12 alpine:3.20", "14 acme/x:8", "14 acme/x:3.10", "15 ?env.TAG"],
    ),
    (
        "build.yml",
        "on: {workflow_call: {}}\njobs:\n  call:\n    uses: acme/.github/.github/workflows/x.yml@v1\n  run:\n    runs-on: [self-hosted]\n    strategy: {matrix: \"${{ fromJSON(inputs.m) }}\"}\n    container: {image: \"${{ matrix.os }}\", options: --user 1}\n    steps: []\n",
        &["8 ?matrix.os"],
    ),
    (
        ".github/workflows/empty.yml",
        "on: push\njobs:\n  a:\n    runs-on: x\n    strategy:\n      matrix:\n        include:\n          - {os: a, box: {image: ''}}\n          - {os: b, box: {image: 'acme/box:1'}}\n    container: ${{ matrix.box.image }}\n",
        &["10 acme/box:1"],
    ),
];

const ACTIONS: &[File] = &[
    (
        "action.yml",
        "name: x\nruns:\n  using: docker\n  image: docker://ghcr.io/acme/action:v1\n",
        &["4 ghcr.io/acme/action:v1"],
    ),
    (
        "sub/action.yaml",
        "runs:\n  using: composite\n  steps:\n    - uses: docker://acme/lint:2\n      with: {image: x}\n    - run: echo\n      shell: bash\n",
        &["4 acme/lint:2"],
    ),
];

const DEVCONTAINERS: &[File] = &[
    (
        ".devcontainer/devcontainer.json",
        "// For the editor\n{\n\t\"name\": \"x // y\",\n\t\"image\": \"mcr.microsoft.com/devcontainers/rust:1\", // pinned?\n\t/* \"image\": \"not/this\",\n\t*/\n\t\"features\": {\"ghcr.io/devcontainers/features/node:1\": {},},\n}\n",
        &["4 mcr.microsoft.com/devcontainers/rust:1"],
    ),
    (".devcontainer.json", "{\"image\":\"debian:12\"}\n", &["1 debian:12"]),
    (
        "devcontainer.json",
        "{\n  \"image\": \"acme/dev:${localEnv:TAG:1}\",\n  \"customizations\": {\"vscode\": {\"extensions\": [\"a.b\"]}}\n}\n",
        &["2 ?${localEnv:TAG:1}"],
    ),
];
