package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// report is the part of Bonafide's JSON report the interop stage looks at.
type report struct {
	Verdict string
	Images  []struct {
		Findings     []finding
		Requirements []struct{ Findings []finding }
	}
}

type finding struct{ Check, Outcome, Message string }

// runReport prints the verdict of a report, and then each finding which is not a pass, once:
// "CHECK OUTCOME MESSAGE". It spares the stage a JSON parser in shell.
func runReport(args []string) error {
	if err := need("report", args, 1); err != nil {
		return err
	}
	raw, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(raw, &r); err != nil {
		return err
	}
	fmt.Println(r.Verdict)
	seen := map[finding]bool{}
	for _, image := range r.Images {
		all := image.Findings
		for _, requirement := range image.Requirements {
			all = append(all, requirement.Findings...)
		}
		for _, f := range all {
			if f.Outcome != "pass" && !seen[f] {
				seen[f] = true
				fmt.Println(f.Check, f.Outcome, f.Message)
			}
		}
	}
	return nil
}
