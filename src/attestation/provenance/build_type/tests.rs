//! One predicate of each published build type, cut from the example in its description.

use serde_json::{Value, json};

use crate::attestation::provenance::{Provenance, Stated, V1, V02};

const COMMIT: &str = "2b4ba8fe79386d40ce27dc5f6cc4161a0f598cc2";
const OTHER: &str = "bdd2ecda9ef57b129c88617a0215afc9fb223521";

fn read(predicate_type: &str, predicate: &Value) -> Provenance {
    Provenance::read(predicate_type, &predicate.to_string()).expect("a provenance")
}

fn v1(build_type: &str, external: &Value, internal: &Value, dependencies: &Value) -> Provenance {
    read(
        V1,
        &json!({
            "buildDefinition": {
                "buildType": build_type,
                "externalParameters": external,
                "internalParameters": internal,
                "resolvedDependencies": dependencies,
            },
            "runDetails": {"builder": {"id": "b"}, "metadata": {"invocationId": "https://ci.example/7"}},
        }),
    )
}

fn v02(build_type: &str, invocation: &Value, materials: &Value) -> Provenance {
    read(
        V02,
        &json!({
            "builder": {"id": "b"}, "buildType": build_type, "invocation": invocation, "materials": materials,
            "metadata": {"buildInvocationID": "5201384557-1"},
        }),
    )
}

/// Repository, ref and commit.
fn source(provenance: &Provenance) -> (Option<&str>, Option<&str>, Option<&str>) {
    let source = provenance.source.source();
    let reference = source.and_then(|source| source.reference.as_deref());
    (source.map(|source| source.repository.as_str()), reference, provenance.commit.as_deref())
}

fn git(uri: &str, commit: &str) -> Value {
    json!({"uri": uri, "digest": {"sha1": commit}})
}

#[test]
fn github_has_an_older_build_type_with_more_parameters() {
    let external = json!({
        "workflow": {"ref": "refs/tags/v1", "repository": "https://github.com/acme/shop", "path": ".github/workflows/a@b.yml"},
        "inputs": {"target": "x"}, "vars": {"A": "b"}, "release": {"name": "x", "author": "y"},
    });
    let internal = json!({"github": {"event_name": "push", "repository_id": "1", "repository_owner_id": 2, "runner_environment": "self-hosted"}});
    let dependencies = json!([
        {"uri": "git+https://github.com/acme/submodule@refs/heads/main", "digest": {"gitCommit": OTHER}},
        {"uri": "git+https://github.com/acme/shop@refs/tags/v1", "digest": {"gitCommit": COMMIT}},
    ]);
    let older = v1(
        "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
        &external,
        &internal,
        &dependencies,
    );
    assert_eq!(source(&older), (Some("https://github.com/acme/shop"), Some("refs/tags/v1"), Some(COMMIT)));
    assert_eq!(older.unknown_parameters, ["/release/author"]);
    let build = &older.build;
    assert_eq!(build.workflow.as_ref().expect("a workflow").path, ".github/workflows/a@b.yml");
    assert_eq!((build.event.as_deref(), build.repository_id.as_deref()), (Some("push"), Some("1")));
    assert_eq!((build.owner_id.as_deref(), build.runner_environment.as_deref()), (Some("2"), Some("self-hosted")));
    assert_eq!(build.run.as_deref(), Some("https://ci.example/7"));
    assert_eq!(older.dependencies.len(), 2);
    let newer = v1("https://actions.github.io/buildtypes/workflow/v1", &external, &internal, &dependencies);
    assert_eq!(newer.unknown_parameters, ["/inputs", "/release", "/vars"]);
    assert!(newer.known && older.known);
}

#[test]
fn slsa_github_generator() {
    for kind in ["container@v1", "generic@v1", "go@v1"] {
        let build_type = format!("https://github.com/slsa-framework/slsa-github-generator/{kind}");
        let uri = "git+https://github.com/acme/shop@refs/heads/main";
        let config = json!({"uri": uri, "digest": {"sha1": COMMIT}, "entryPoint": ".github/workflows/release.yml"});
        let environment = json!({"github_event_name": "workflow_dispatch", "github_run_id": "5201384557", "github_run_attempt": "1", "github_repository_id": "1"});
        let invocation = json!({
            "configSource": config, "environment": environment,
            "parameters": {"event_inputs": {"a": "b"}, "vars": {}, "other": 1},
        });
        let provenance = v02(&build_type, &invocation, &json!([git(uri, COMMIT)]));
        assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/heads/main"), Some(COMMIT)));
        assert_eq!(provenance.unknown_parameters, ["/other"]);
        assert_eq!(provenance.build.event.as_deref(), Some("workflow_dispatch"));
        assert_eq!(
            provenance.build.run.as_deref(),
            Some("https://github.com/acme/shop/actions/runs/5201384557/attempts/1")
        );
        assert!(provenance.known);
        assert!(!v1(&build_type, &json!({}), &json!({}), &json!([])).known, "in v1 it has no description");
    }
}

/// `predicate02.ts`, `createSourceURI`: "If the TRW passed in a sha1, we don't know the ref so we never report it."
#[test]
fn delegated_builders_may_build_another_commit_than_the_run_is_for() {
    let build_type = "https://github.com/slsa-framework/slsa-github-generator/delegator-generic@v0";
    let trigger = "git+https://github.com/acme/shop@refs/tags/v1";
    let environment = json!({
        "GITHUB_SHA": COMMIT, "GITHUB_REF": "refs/tags/v1", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_RUN_ID": "7", "GITHUB_RUN_ATTEMPT": "2",
        "GITHUB_WORKFLOW_REF": "acme/.github/.github/workflows/release.yml@refs/tags/v1",
    });
    let materials = json!([git("git+https://github.com/acme/shop", OTHER)]);
    let config = json!({"uri": trigger, "digest": {"sha1": COMMIT}, "entryPoint": ".github/workflows/release.yml"});
    let invocation =
        json!({"configSource": config, "environment": environment, "parameters": {"inputs": {"run-scripts": "build"}}});
    let older = v02(build_type, &invocation, &materials);
    let newer = v1(build_type, &json!({"inputs": {"a": "b"}, "vars": {}}), &environment, &materials);
    for provenance in [&older, &newer] {
        assert_eq!(source(provenance), (Some("https://github.com/acme/shop"), Some("refs/tags/v1"), Some(OTHER)));
        assert_eq!(provenance.unknown_parameters, Vec::<String>::new());
        let workflow = provenance.build.workflow.as_ref().expect("a workflow");
        assert_eq!(
            (workflow.path.as_str(), workflow.reference.as_deref()),
            (".github/workflows/release.yml", Some("refs/tags/v1"))
        );
        assert_eq!(provenance.build.run.as_deref(), Some("https://github.com/acme/shop/actions/runs/7/attempts/2"));
    }
}

#[test]
fn builds_in_a_container() {
    let external = json!({
        "source": git("git+https://github.com/acme/shop@refs/heads/main", COMMIT),
        "builderImage": {"uri": "bash@sha256:00", "digest": {"sha256": "00"}},
        "configPath": "config.toml", "buildConfig": {"ArtifactPath": "bin/**", "Command": ["make"], "Shell": "x"},
    });
    let internal = json!({"GITHUB_EVENT_NAME": "push", "GITHUB_RUN_ID": 5_125_704_193_u64, "GITHUB_SHA": COMMIT});
    let provenance = v1("https://slsa.dev/container-based-build/v0.1?draft", &external, &internal, &json!([]));
    assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/heads/main"), Some(COMMIT)));
    assert_eq!(provenance.unknown_parameters, ["/buildConfig/Shell"]);
    assert_eq!(provenance.build.event.as_deref(), Some("push"));
}

#[test]
fn google_cloud_build() {
    let build_type = "https://cloud.google.com/build/gcb-buildtypes/google-worker/v1";
    let repository = "git+https://github.com/acme/shop";
    let config = json!({"path": "cloudbuild.yaml", "ref": "refs/heads/main", "repository": repository});
    let dependencies = json!([
        {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"gitCommit": COMMIT}},
        {"uri": "docker.io/busybox@sha256:00", "digest": {"sha256": "00"}},
    ]);
    let external = json!({"substitutions": {"_A": "b"}, "buildConfigSource": config, "extra": 1});
    let provenance = v1(build_type, &external, &json!({}), &dependencies);
    assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/heads/main"), Some(COMMIT)));
    assert_eq!(provenance.unknown_parameters, ["/extra"]);
    let apart = json!({
        "buildConfigSource": config,
        "sourceToBuild": {"repository": "https://github.com/acme/other", "ref": COMMIT, "dir": "sub"},
    });
    let provenance = v1(build_type, &apart, &json!({}), &dependencies);
    assert_eq!(source(&provenance), (Some("https://github.com/acme/other"), None, Some(COMMIT)));
    let community = json!({"configSource": config, "substitutions": {}});
    let provenance =
        v1("https://slsa-framework.github.io/gcb-buildtypes/triggered-build/v1", &community, &json!({}), &dependencies);
    assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/heads/main"), Some(COMMIT)));
    let inline = v1(build_type, &json!({"buildConfig": {"steps": []}}), &json!({}), &dependencies);
    assert_eq!((inline.source, inline.unknown_parameters.len()), (Stated::Nothing, 0));
    let older = v02(
        "https://cloudbuild.googleapis.com/CloudBuildYaml@v0.1",
        &json!({"configSource": git("https://github.com/acme/shop", COMMIT)}),
        &json!([]),
    );
    assert_eq!(source(&older), (Some("https://github.com/acme/shop"), None, Some(COMMIT)));
    assert!(older.known);
}

#[test]
fn tekton_chains_v1_builds_what_the_inputs_say_and_not_what_the_pipeline_came_from() {
    let external = json!({
        "runSpec": {"params": [{"name": "anything", "value": "x"}]},
        "buildConfigSource": {"ref": "sha1:00", "repository": "git+https://github.com/acme/pipelines", "path": "p.yaml"},
    });
    let pipeline =
        json!({"name": "pipeline", "uri": "git+https://github.com/acme/pipelines.git", "digest": {"sha1": OTHER}});
    let input =
        json!({"name": "inputs/result", "uri": "git+https://github.com/acme/shop.git", "digest": {"sha1": COMMIT}});
    let step = json!({"uri": "oci://gcr.io/step", "digest": {"sha256": "00"}});
    for build_type in ["https://tekton.dev/chains/v2/slsa", "https://tekton.dev/chains/v2/slsa-tekton"] {
        let provenance = v1(build_type, &external, &json!({}), &json!([pipeline, step, input]));
        assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), None, Some(COMMIT)));
        assert_eq!((provenance.known, provenance.unknown_parameters.len()), (true, 0));
        let none = v1(build_type, &external, &json!({}), &json!([pipeline, step]));
        assert_eq!(none.source, Stated::Nothing);
    }
}

#[test]
fn tekton_chains_v02_builds_a_material() {
    let definition = git("git+https://github.com/acme/pipelines.git", OTHER);
    let source_code = git("git+https://github.com/acme/shop.git", COMMIT);
    let step = git("oci://gcr.io/step", "00");
    let invocation = json!({"configSource": definition, "parameters": {"anything": "x"}});
    for build_type in ["tekton.dev/v1/PipelineRun", "tekton.dev/v1beta1/TaskRun"] {
        let provenance = v02(build_type, &invocation, &json!([definition, step, source_code]));
        assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), None, Some(COMMIT)));
        assert!(provenance.known);
        let several = json!([definition, source_code, git("git+https://github.com/acme/library.git", OTHER)]);
        assert_eq!(v02(build_type, &invocation, &several).source, Stated::Nothing, "which one would be a guess");
        let twice = json!([definition, source_code, git("git+https://github.com/acme/shop.git", OTHER)]);
        let twice = v02(build_type, &invocation, &twice);
        assert_eq!(source(&twice), (Some("https://github.com/acme/shop"), None, None), "which commit would be a guess");
        let only = v02(build_type, &invocation, &json!([definition]));
        assert_eq!(source(&only).0, Some("https://github.com/acme/pipelines"), "the pipeline stands beside the source");
    }
}

#[test]
fn buildkit_builds_a_git_context_or_something_local() {
    let uri = "https://github.com/acme/shop.git#refs/tags/v1:sub";
    let config = json!({"uri": uri, "digest": {"sha1": COMMIT}, "path": "Dockerfile"});
    let request =
        json!({"frontend": "dockerfile.v0", "args": {"target": "x"}, "locals": [], "secrets": [], "extra": 1});
    let external = json!({"configSource": config, "request": request});
    let build_type = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";
    let provenance = v1(build_type, &external, &json!({}), &json!([]));
    assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/tags/v1"), Some(COMMIT)));
    assert_eq!(provenance.unknown_parameters, ["/request/extra"]);
    let at_commit = json!({"uri": format!("https://github.com/acme/shop.git#{COMMIT}"), "digest": {"sha1": COMMIT}});
    let older = v02(
        "https://mobyproject.org/buildkit@v1",
        &json!({"configSource": at_commit, "parameters": request}),
        &json!([]),
    );
    assert_eq!(source(&older), (Some("https://github.com/acme/shop"), None, Some(COMMIT)));
    assert_eq!(older.unknown_parameters, ["/extra"]);
    let cut = format!("https://github.com/acme/shop.git#{}", &COMMIT[..7]);
    let cut = json!({"configSource": git(&cut, COMMIT)});
    let older = v02("https://mobyproject.org/buildkit@v1", &cut, &json!([]));
    assert_eq!(source(&older), (Some("https://github.com/acme/shop"), None, Some(COMMIT)));
    let context =
        |uri: &str| v02("https://mobyproject.org/buildkit@v1", &json!({"configSource": git(uri, COMMIT)}), &json!([]));
    for (query, reference) in [
        ("tag=v1&subdir=docker", Some("refs/tags/v1")),
        ("branch=main", Some("refs/heads/main")),
        ("ref=refs/pull/42/merge&checksum=0123456", Some("refs/pull/42/merge")),
        ("keep-git-dir=true", None),
    ] {
        let queried = context(&format!("https://github.com/acme/shop.git?{query}"));
        assert_eq!(source(&queried), (Some("https://github.com/acme/shop"), reference, Some(COMMIT)), "{query}");
    }
    for unclear in ["tag=v1&branch=main", "tag=v%31", "tag=", "repository=other", "ref=main#refs/tags/v1"] {
        let queried = context(&format!("https://github.com/acme/shop.git?{unclear}"));
        assert!(matches!(queried.source, Stated::Unreadable(_)), "{unclear}");
    }
    assert_eq!(context("https://acme.github.io/context.tar.gz").source, Stated::Nothing, "an archive");
    for elsewhere in [
        json!({"entryPoint": "Dockerfile"}),
        json!({"uri": "https://example.com/context.tar.gz", "digest": {"sha256": "00"}}),
    ] {
        let local = v02("https://mobyproject.org/buildkit@v1", &json!({"configSource": elsewhere}), &json!([]));
        assert_eq!(local.source, Stated::Nothing);
    }
}

/// "Consumers should ignore unrecognized external parameters": the opposite of what SLSA asks for.
#[test]
fn gitlab_ignores_unknown_parameters_and_calls_a_commit_sha256() {
    let project = "https://gitlab.com/acme/shop";
    let external = json!({"CI": "", "CI_NEW_ONE": "", "entryPoint": "build-job", "source": project});
    let dependencies = json!([{"uri": project, "digest": {"sha256": OTHER}}]);
    for build_type in [
        "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/2147fb44/PROVENANCE.md",
        "https://docs.gitlab.com/ci/pipeline_security/slsa/provenance_v1",
    ] {
        let provenance = v1(build_type, &external, &json!({"job": "10340684631"}), &dependencies);
        assert_eq!(source(&provenance), (Some(project), None, Some(OTHER)));
        assert_eq!(provenance.build.run.as_deref(), Some("https://gitlab.com/acme/shop/-/jobs/10340684631"));
        assert_eq!((provenance.known, provenance.unknown_parameters.len()), (true, 0));
    }
    let config = json!({"uri": project, "digest": {"sha256": OTHER}, "entryPoint": "build-job"});
    let older = v02(
        "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/598a7c91/PROVENANCE.md",
        &json!({"configSource": config, "environment": {"job": {"id": 4_089_072_540_u64}}, "parameters": {"CI": ""}}),
        &json!(null),
    );
    assert_eq!(source(&older), (Some(project), None, Some(OTHER)));
    assert_eq!(older.build.run.as_deref(), Some("https://gitlab.com/acme/shop/-/jobs/4089072540"));
    for near in [
        "https://gitlab.com/gitlab-org/gitlab-runner/-/blob/a/b/PROVENANCE.md",
        "https://gitlab.com/gitlab-org/gitlab-runner/-/blob//PROVENANCE.md",
    ] {
        assert!(!v1(near, &external, &json!({}), &dependencies).known, "{near}");
    }
}

#[test]
fn npm_on_github_and_on_gitlab() {
    let uri = "git+https://github.com/acme/shop@refs/heads/main";
    let config = json!({"uri": uri, "digest": {"sha1": COMMIT}, "entryPoint": ".github/workflows/release.yml"});
    let environment = json!({"GITHUB_EVENT_NAME": "push", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_SHA": COMMIT, "GITHUB_RUN_ID": "5201384557", "GITHUB_RUN_ATTEMPT": "1"});
    let invocation = json!({"configSource": config, "parameters": {}, "environment": environment});
    let provenance = v02("https://github.com/npm/cli/gha/v2", &invocation, &json!([git(uri, COMMIT)]));
    assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/heads/main"), Some(COMMIT)));
    assert_eq!(provenance.build.event.as_deref(), Some("push"));
    assert_eq!(
        provenance.build.run.as_deref(),
        Some("https://github.com/acme/shop/actions/runs/5201384557/attempts/1")
    );
    let config = git("git+https://gitlab.com/acme/shop", COMMIT);
    let invocation = json!({"configSource": config, "parameters": {"CI_PIPELINE_SOURCE": "push", "CI": "true"}});
    let provenance = v02("https://github.com/npm/cli/gitlab/v0alpha1", &invocation, &json!([]));
    assert_eq!(source(&provenance), (Some("https://gitlab.com/acme/shop"), None, Some(COMMIT)));
    assert_eq!((provenance.build.event.as_deref(), provenance.unknown_parameters.len()), (Some("push"), 0));
}

#[test]
fn buildkite_witness_and_jenkins() {
    let external = json!({
        "pipeline": "https://buildkite.com/acme/shop", "repository": "https://github.com/acme/shop.git",
        "build": {"branch": "main", "commit": COMMIT, "tag": "v1"}, "step": {"id": "1", "command": "make", "key": "k"}, "job": {"id": "2"}, "more": 1,
    });
    let provenance = v1("https://buildkite.github.io/slsa-buildtypes/job/v1", &external, &json!({}), &json!([]));
    assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/heads/main"), Some(COMMIT)));
    assert_eq!(provenance.unknown_parameters, ["/more"]);
    let checked_out = git("git+https://github.com/acme/shop@refs/heads/main", COMMIT);
    let mut by_hand = external.clone();
    by_hand["build"]["commit"] = json!("HEAD");
    let by_hand = v1("https://buildkite.github.io/slsa-buildtypes/job/v1", &by_hand, &json!({}), &json!([checked_out]));
    assert_eq!(by_hand.commit.as_deref(), Some(COMMIT), "what was checked out is among the dependencies");

    let remote = json!({"name": "git@github.com:acme/shop.git", "digest": {"sha1": COMMIT}});
    let file = json!({"name": "src/main.rs", "digest": {"sha256": "00"}});
    let witness = |dependencies: &Value| {
        v1("https://witness.dev/slsa-build@v0.1", &json!({"command": "make"}), &json!({"env": {}}), dependencies)
    };
    assert_eq!(source(&witness(&json!([file, remote]))), (Some("https://github.com/acme/shop"), None, Some(COMMIT)));
    let fork = json!({"name": "git@github.com:mallory/shop.git", "digest": {"sha1": COMMIT}});
    assert_eq!(witness(&json!([remote, fork])).source, Stated::Nothing, "which one would be a guess");

    let config = json!({"uri": "git+https://git.acme.example/shop.git@origin/main", "digest": {"sha1": COMMIT}, "entryPoint": "shop"});
    let environment = json!({"build_url": "https://jenkins.acme.example/job/shop/7/", "node_name": "built-in"});
    let provenance = v02(
        "https://gitlab.eclipse.org/eclipsefdn/security/slsa-jenkins-plugin@v40",
        &json!({"configSource": config, "environment": environment}),
        &json!([]),
    );
    assert_eq!(source(&provenance), (Some("https://git.acme.example/shop"), Some("origin/main"), Some(COMMIT)));
    assert_eq!(provenance.build.run.as_deref(), Some("https://jenkins.acme.example/job/shop/7/"));
    assert!(provenance.known);
}

#[test]
fn an_unknown_build_type_is_called_so_and_read_only_where_it_is_unmistakable() {
    let dependencies =
        json!([{"uri": "git+https://github.com/acme/shop@refs/tags/v1", "digest": {"gitCommit": COMMIT}}]);
    let read = |external: &Value| v1("https://builder.acme.example/v1", external, &json!({}), &dependencies);
    let provenance =
        read(&json!({"source": "git+https://github.com/acme/shop@refs/tags/v1", "dockerfile": "Dockerfile"}));
    assert_eq!(source(&provenance), (Some("https://github.com/acme/shop"), Some("refs/tags/v1"), Some(COMMIT)));
    assert!(!provenance.known);
    assert_eq!(provenance.unknown_parameters, ["/dockerfile", "/source"], "nothing of it is known");
    let two = json!({"source": "git+https://github.com/acme/shop", "repository": "https://github.com/acme/other"});
    for external in [json!({}), json!({"source": {"kind": "none"}}), json!({"source": "shop"}), two] {
        assert_eq!(read(&external).source, Stated::Nothing, "{external}");
    }
    let unreadable = read(&json!({"source": "https://user@github.com/acme/shop"})).source;
    assert_eq!(unreadable, Stated::Unreadable("https://user@github.com/acme/shop".to_owned()));
    let older = v02(
        "https://builder.acme.example/v1",
        &json!({}),
        &json!([git("git+https://github.com/acme/shop", COMMIT), git("pkg:docker/x", "00")]),
    );
    assert_eq!(source(&older), (Some("https://github.com/acme/shop"), None, Some(COMMIT)));
}

/// TypeURIs are compared whole: what begins like a known build type is not it.
#[test]
fn a094_build_types_are_compared_whole() {
    for near in [
        "https://actions.github.io/buildtypes/workflow/v1/",
        "https://actions.github.io/buildtypes/workflow/v10",
        "HTTPS://actions.github.io/buildtypes/workflow/v1",
        "https://evil.example/https://actions.github.io/buildtypes/workflow/v1",
    ] {
        assert!(!v1(near, &json!({}), &json!({}), &json!([])).known, "{near}");
    }
}
