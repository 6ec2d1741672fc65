package main

import (
	"flag"
	"fmt"
	"strings"
)

// workflowRun describes one run of a GitHub Actions workflow. Tokens and provenance are both written
// from it, so that the certificate and the predicate tell the same story.
type workflowRun struct {
	repo, workflow, ref, sha string
	builder, builderSHA      string // the reusable workflow that ran the job; the workflow itself when empty
	repoID, ownerID          string
	runID, attempt           string
	event, name, runner      string
	visibility, environment  string
}

func parseRun(name string, args []string) (workflowRun, error) {
	var r workflowRun
	f := flag.NewFlagSet(name, flag.ContinueOnError)
	f.StringVar(&r.repo, "repo", "acme/shop", "OWNER/NAME of the repository that started the run")
	f.StringVar(&r.workflow, "workflow", ".github/workflows/release.yml", "path of the workflow in it")
	f.StringVar(&r.ref, "ref", "refs/tags/v1.0.0", "git ref of the run")
	f.StringVar(&r.sha, "sha", "4f0c1a6be2d95837c46aa1f0b7e3d2915c8e7f60", "commit of the run")
	f.StringVar(&r.builder, "builder", "", "reusable workflow, OWNER/NAME/PATH@REF")
	f.StringVar(&r.builderSHA, "builder-sha", "", "commit of the reusable workflow")
	f.StringVar(&r.repoID, "repo-id", "731905512", "")
	f.StringVar(&r.ownerID, "owner-id", "5021408", "")
	f.StringVar(&r.runID, "run-id", "19563407712", "")
	f.StringVar(&r.attempt, "attempt", "1", "")
	f.StringVar(&r.event, "event", "push", "")
	f.StringVar(&r.name, "name", "release", "name of the workflow")
	f.StringVar(&r.runner, "runner", "github-hosted", "")
	f.StringVar(&r.visibility, "visibility", "public", "")
	f.StringVar(&r.environment, "environment", "", "deployment environment")
	if err := f.Parse(args); err != nil {
		return r, err
	}
	if f.NArg() > 0 {
		return r, fmt.Errorf("unexpected argument %q", f.Arg(0))
	}
	if r.builder == "" {
		r.builder = r.workflowRef()
	}
	if r.builderSHA == "" {
		r.builderSHA = r.sha
	}
	return r, nil
}

func (r workflowRun) workflowRef() string { return r.repo + "/" + r.workflow + "@" + r.ref }
func (r workflowRun) owner() string       { return strings.SplitN(r.repo, "/", 2)[0] }
