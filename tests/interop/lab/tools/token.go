package main

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"
)

const oidcKeyID = "bonafide-lab"

// runToken prints an identity token for Fulcio: of a person, or of a GitHub Actions job.
func runToken(args []string) error {
	if len(args) < 2 {
		return need("token", args, 3)
	}
	var claims map[string]any
	switch args[1] {
	case "email":
		if err := need("token", args, 3); err != nil {
			return err
		}
		claims = emailClaims(args[2])
	case "github":
		run, err := parseRun("token", args[2:])
		if err != nil {
			return err
		}
		claims = run.claims()
	default:
		return fmt.Errorf("no such kind of token: %q", args[1])
	}
	now := time.Now().Unix()
	maps.Copy(claims, map[string]any{"aud": "sigstore", "iat": now - 5, "nbf": now - 5, "exp": now + 1800})
	key, err := readOIDCKey(args[0])
	if err != nil {
		return err
	}
	token, err := signJWT(key, claims)
	if err != nil {
		return err
	}
	fmt.Println(token)
	return nil
}

func emailClaims(email string) map[string]any {
	sub := sha256.Sum256([]byte(email))
	return map[string]any{
		"iss": emailIssuer, "sub": hex.EncodeToString(sub[:10]), "email": email, "email_verified": true,
	}
}

// claims are those GitHub documents for its job tokens; Fulcio maps them to certificate extensions.
func (r workflowRun) claims() map[string]any {
	refType := "branch"
	if strings.HasPrefix(r.ref, "refs/tags/") {
		refType = "tag"
	}
	c := map[string]any{
		"iss": githubIssuer, "sub": "repo:" + r.repo + ":ref:" + r.ref, "jti": rand.Text(),
		"repository": r.repo, "repository_id": r.repoID, "repository_visibility": r.visibility,
		"repository_owner": r.owner(), "repository_owner_id": r.ownerID,
		"ref": r.ref, "ref_type": refType, "ref_protected": "true", "sha": r.sha, "head_ref": "", "base_ref": "",
		"workflow": r.name, "workflow_ref": r.workflowRef(), "workflow_sha": r.sha,
		"job_workflow_ref": r.builder, "job_workflow_sha": r.builderSHA,
		"run_id": r.runID, "run_number": "27", "run_attempt": r.attempt,
		"event_name": r.event, "runner_environment": r.runner, "actor": "octocat", "actor_id": "583231",
	}
	if r.environment != "" {
		c["environment"] = r.environment
	}
	return c
}

func signJWT(key *rsa.PrivateKey, claims map[string]any) (string, error) {
	header, err := json.Marshal(map[string]string{"alg": "RS256", "typ": "JWT", "kid": oidcKeyID})
	if err != nil {
		return "", err
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed := b64url(header) + "." + b64url(body)
	digest := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	if err != nil {
		return "", err
	}
	return signed + "." + b64url(sig), nil
}
