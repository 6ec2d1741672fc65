package main

import (
	"encoding/json"
	"os"
)

type object = map[string]any

// runProvenance prints the SLSA v1 predicate GitHub's own attest action writes for such a run.
func runProvenance(args []string) error {
	run, err := parseRun("provenance", args)
	if err != nil {
		return err
	}
	return printJSON(run.provenance())
}

func (r workflowRun) provenance() object {
	const server = "https://github.com/"
	return object{
		"buildDefinition": object{
			"buildType": "https://actions.github.io/buildtypes/workflow/v1",
			"externalParameters": object{"workflow": object{
				"ref": r.ref, "repository": server + r.repo, "path": r.workflow,
			}},
			"internalParameters": object{"github": object{
				"event_name": r.event, "repository_id": r.repoID, "repository_owner_id": r.ownerID,
				"runner_environment": r.runner,
			}},
			"resolvedDependencies": []object{{
				"uri":    "git+" + server + r.repo + "@" + r.ref,
				"digest": object{"gitCommit": r.sha},
			}},
		},
		"runDetails": object{
			"builder": object{"id": server + r.builder},
			"metadata": object{
				"invocationId": server + r.repo + "/actions/runs/" + r.runID + "/attempts/" + r.attempt,
			},
		},
	}
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
