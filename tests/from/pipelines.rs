//! Pipelines of GitLab CI.

use super::{File, all_are_found};

#[test]
fn every_image_of_a_pipeline_is_found() {
    all_are_found("a pipeline of GitLab CI", FILES);
}

pub(super) const FILES: &[File] = &[
    (
        ".gitlab-ci.yml",
        "image: ruby:3.3\nstages: [build, test]\nbuild:\n  stage: build\n  script: [make]\ntest:\n  image: node:20\n  services:\n    - postgres:16\n    - name: redis:7\n      alias: cache\n  script:\n    - echo image\n",
        &["1 ruby:3.3", "7 node:20", "9 postgres:16", "10 redis:7"],
    ),
    (
        ".gitlab-ci.yml",
        "default:\n  image:\n    name: docker:27\n    entrypoint: ['']\n  services:\n    - docker:27-dind\nvariables:\n  BASE: acme\n  TAG: {value: '2', description: tag}\n  IMAGE: $BASE/app:$TAG\nrun:\n  image: $IMAGE\n  script: ls\nother:\n  variables: {TAG: '3'}\n  image: ${IMAGE}\n  script: ls\n",
        &["3 docker:27", "6 docker:27-dind", "12 acme/app:2", "16 acme/app:3"],
    ),
    (
        "ci/build.gitlab-ci.yml",
        "build:\n  image: $CI_REGISTRY_IMAGE/builder:latest\n  script: make\n",
        &["2 ?CI_REGISTRY_IMAGE"],
    ),
    (
        ".gitlab-ci.yml",
        ".base:\n  image: node:$V\n  variables: {V: '18'}\na:\n  extends: .base\n  script: x\nb:\n  extends: [.base]\n  variables: {V: '20'}\n  script: x\n",
        &["2 node:18", "2 node:20"],
    ),
    (
        ".gitlab-ci.yml",
        "py:\n  image: python:$PY\n  parallel:\n    matrix:\n      - PY: ['3.11', '3.12']\n      - PY: '3.13'\n  script: x\nrules:\n  variables: {R: a}\n  image: acme/$R\n  rules:\n    - if: $X\n      variables: {R: b}\n  script: x\n",
        &["2 python:3.11", "2 python:3.12", "2 python:3.13", "10 ?R"],
    ),
    (
        ".gitlab-ci.yml",
        ".t:\n  image: alpine:3\njob:\n  image: !reference [.t, image]\n  services: !reference [.t, services]\n  script: x\n",
        &["2 alpine:3", "4 !", "5 !"],
    ),
    (
        "pipeline.yml",
        "spec:\n  inputs:\n    tag: {default: '1'}\n---\nstages: [a]\njob:\n  image: acme/x:$[[ inputs.tag ]]\n  script: x\n",
        &["7 ?inputs.tag"],
    ),
    (
        ".gitlab-ci.yml",
        "include:\n  - template: Auto-DevOps.gitlab-ci.yml\ndefault:\n  image: ruby:$RUBY\nspec_job:\n  variables: {RUBY: '3.3'}\n  script: rspec\n",
        &["4 ruby:3.3"],
    ),
];
