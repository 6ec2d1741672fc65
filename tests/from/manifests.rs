//! Manifests of Kubernetes and Tekton.

use super::{File, all_are_found, reading, shown};

#[test]
fn every_image_of_a_manifest_is_found() {
    all_are_found("manifests of Kubernetes", FILES);
}

#[test]
fn every_image_of_a_task_is_found() {
    all_are_found("tasks of Tekton", TEKTON);
}

#[test]
fn a_stream_of_both_is_both() {
    let text = format!("{}---\n{}", FILES[0].1, TEKTON[0].1);
    assert_eq!(reading("all.yaml", &text).formats, ["manifests of Kubernetes", "tasks of Tekton"]);
}

/// The images of objects that Kubernetes itself does not know are found where a pod is nested in them.
#[test]
fn the_kind_of_an_object_is_said() {
    let reading = reading("pod.yaml", FILES[0].1);
    assert_eq!(reading.found[0].role, "container app of Pod");
    assert_eq!((reading.found[0].place.line, reading.found[0].place.column), (8, 12));
    assert_eq!(shown(&reading.found[0]), "8 nginx:1.27");
}

pub(super) const FILES: &[File] = &[
    (
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: image\n  labels: {image: not-this}\nspec:\n  containers:\n  - image: nginx:1.27\n    name: app\n    env: [{name: IMAGE, value: nor/this:1}]\n",
        &["8 nginx:1.27"],
    ),
    (
        "deploy/deployment.yml",
        "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      initContainers:\n        - name: migrate\n          image: ghcr.io/acme/migrate:2\n      containers:\n        - {name: app, image: \"ghcr.io/acme/app@sha256:611e9100c03c7a2f439bef7070b1fd81f0561619d1b48a5e532f5b52b4f2eb80\"}\n        - name: proxy\n          image: 'envoyproxy/envoy:v1.31'\n      volumes:\n        - name: models\n          image:\n            reference: quay.io/acme/model:v3\n            pullPolicy: IfNotPresent\n        - name: config\n          configMap: {name: image}\n",
        &[
            "8 ghcr.io/acme/migrate:2",
            "10 ghcr.io/acme/app@sha256:611e9100c03c7a2f439bef7070b1fd81f0561619d1b48a5e532f5b52b4f2eb80",
            "12 envoyproxy/envoy:v1.31",
            "16 quay.io/acme/model:v3",
        ],
    ),
    (
        "cron.yaml",
        "apiVersion: batch/v1\nkind: CronJob\nspec:\n  schedule: '0 1 * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          restartPolicy: Never\n          containers:\n          - name: backup\n            image: restic/restic:0.17.1\n            command: [sh, -c, 'image: not/this']\n",
        &["12 restic/restic:0.17.1"],
    ),
    (
        "",
        "# Source: shop/templates/sa.yaml\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shop}\n---\n---\n# Source: shop/templates/ds.yaml\napiVersion: apps/v1\nkind: DaemonSet\nspec:\n  template:\n    spec:\n      containers:\n        - name: agent\n          image: \"docker.io/library/agent:1.0\"\n---\napiVersion: apps/v1\nkind: StatefulSet\nspec:\n  template:\n    spec:\n      containers:\n        - name: db\n          image: postgres:16\n",
        &["15 docker.io/library/agent:1.0", "24 postgres:16"],
    ),
    (
        "list.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- apiVersion: batch/v1\n  kind: Job\n  spec: {template: {spec: {containers: [{name: a, image: acme/job:1}]}}}\n- apiVersion: v1\n  kind: PodList\n  items:\n  - spec:\n      ephemeralContainers:\n      - name: debug\n        image: busybox:1.36\n      containers: [{name: b, image: acme/pod:1}]\n",
        &["6 acme/job:1", "13 busybox:1.36", "14 acme/pod:1"],
    ),
    (
        "pods.json",
        "{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n        {\n            \"apiVersion\": \"v1\",\n            \"kind\": \"Pod\",\n            \"spec\": {\n                \"containers\": [\n                    {\n                        \"image\": \"registry.k8s.io/pause:3.9\",\n                        \"name\": \"pause\"\n                    }\n                ]\n            },\n            \"status\": {\n                \"containerStatuses\": [\n                    {\"image\": \"sha256:abc\", \"imageID\": \"x\"}\n                ]\n            }\n        }\n    ],\n    \"kind\": \"List\"\n}\n",
        &["10 registry.k8s.io/pause:3.9"],
    ),
    (
        "crd.yaml",
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n  - schema:\n      openAPIV3Schema:\n        properties:\n          containers:\n            default: [{image: not/this}]\n            items: {properties: {image: {type: string}}}\n---\napiVersion: v1\nkind: Pod\nspec: {containers: [{name: a, image: acme/real:1}]}\n",
        &["14 acme/real:1"],
    ),
    (
        "rollout.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nspec:\n  template:\n    spec:\n      containers:\n      - name: app\n        image: acme/app:canary\n",
        &["8 acme/app:canary"],
    ),
    (
        "workflow.yaml",
        "apiVersion: argoproj.io/v1alpha1\nkind: WorkflowTemplate\nspec:\n  templates:\n  - name: build\n    container:\n      image: gcr.io/kaniko-project/executor:v1.23.2\n    sidecars:\n    - name: docker\n      image: docker:27-dind\n  - name: say\n    script:\n      image: \"python:{{inputs.parameters.version}}\"\n      source: print('image')\n",
        &["7 gcr.io/kaniko-project/executor:v1.23.2", "10 docker:27-dind", "13 ?inputs.parameters.version"],
    ),
    (
        "knative.yaml",
        "apiVersion: serving.knative.dev/v1\nkind: Service\nspec:\n  template:\n    spec:\n      containers:\n      - image: ghcr.io/knative/helloworld-go:latest\n",
        &["7 ghcr.io/knative/helloworld-go:latest"],
    ),
    (
        "anchors.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      initContainers:\n      - &base\n        name: one\n        image: &image acme/base:1\n      containers:\n      - <<: *base\n        name: two\n      - name: three\n        image: *image\n",
        &["9 acme/base:1"],
    ),
    (
        "envsubst.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: ${REGISTRY}/app:${TAG}\n  - name: b\n    image: \"{{ .Values.image }}\"\n  - name: c\n    image: 1234\n  - name: d\n",
        &["6 ?${REGISTRY}/app:${TAG}", "8 ?{{ .Values.image }}", "10 !"],
    ),
    (
        "configmap.yaml",
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  pod.yaml: |\n    apiVersion: v1\n    kind: Pod\n    spec:\n      containers:\n      - image: not/this:1\n---\napiVersion: apps/v1\nkind: ReplicaSet\nspec: {template: {spec: {containers: [{name: a, image: 'acme/rs:1'}]}}}\n",
        &["13 acme/rs:1"],
    ),
];

pub(super) const TEKTON: &[File] = &[
    (
        "task.yaml",
        "apiVersion: tekton.dev/v1\nkind: Task\nspec:\n  params:\n  - name: go\n    default: '1.23'\n  - name: other\n  stepTemplate:\n    image: acme/template:1\n  steps:\n  - name: build\n    image: golang:$(params.go)\n  - name: test\n    image: $(params.other)\n  - name: index\n    image: golang:$(params['go'])\n  sidecars:\n  - image: docker:dind\n",
        &["9 acme/template:1", "12 golang:1.23", "14 ?params.other", "16 golang:1.23", "18 docker:dind"],
    ),
    (
        "pipeline.yaml",
        "apiVersion: tekton.dev/v1\nkind: Pipeline\nspec:\n  tasks:\n  - name: lint\n    params:\n    - name: image\n      value: acme/lint:2\n    taskSpec:\n      params: [{name: image, default: acme/lint:1}]\n      steps:\n      - image: $(params.image)\n      - image: alpine/git:2.45\n",
        &["12 ?params.image", "13 alpine/git:2.45"],
    ),
    (
        "step.yaml",
        "apiVersion: tekton.dev/v1beta1\nkind: StepAction\nspec:\n  image: bash:5\n  script: echo\n",
        &["4 bash:5"],
    ),
];
