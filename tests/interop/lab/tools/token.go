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

// runToken prints an identity token for Fulcio: of a GitHub Actions job, or of somebody of one name.
func runToken(args []string) error {
	if len(args) < 2 {
		return need("token", args, 3)
	}
	var claims map[string]any
	switch args[1] {
	case "github":
		run, err := parseRun("token", args[2:])
		if err != nil {
			return err
		}
		claims = run.claims()
	default:
		make, known := namedClaims[args[1]]
		if !known {
			return fmt.Errorf("no such kind of token: %q", args[1])
		}
		if err := need("token", args, 3); err != nil {
			return err
		}
		var err error
		if claims, err = make(args[2]); err != nil {
			return err
		}
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

// namedClaims are the claims of every kind of token that has but a name.
var namedClaims = map[string]func(name string) (map[string]any, error){
	"email":      func(name string) (map[string]any, error) { return addressClaims(emailIssuer, name), nil },
	"google":     func(name string) (map[string]any, error) { return addressClaims(googleIssuer, name), nil },
	"spiffe":     func(name string) (map[string]any, error) { return subjectClaims(spiffeIssuer, name), nil },
	"username":   func(name string) (map[string]any, error) { return subjectClaims(usernameIssuer, name), nil },
	"kubernetes": kubernetesClaims,
	"gitlab":     gitlabClaims,
	"buildkite":  buildkiteClaims,
}

func addressClaims(issuer, address string) map[string]any {
	sub := sha256.Sum256([]byte(address))
	return map[string]any{"iss": issuer, "sub": hex.EncodeToString(sub[:10]), "email": address, "email_verified": true}
}

func subjectClaims(issuer, subject string) map[string]any {
	return map[string]any{"iss": issuer, "sub": subject}
}

// kubernetesClaims are those of a projected service account token; the name is NAMESPACE/SERVICE-ACCOUNT.
func kubernetesClaims(name string) (map[string]any, error) {
	namespace, account, found := strings.Cut(name, "/")
	if !found {
		return nil, fmt.Errorf("%q is not NAMESPACE/SERVICE-ACCOUNT", name)
	}
	c := subjectClaims(kubernetesIssuer, "system:serviceaccount:"+namespace+":"+account)
	c["kubernetes.io"] = map[string]any{
		"namespace":      namespace,
		"pod":            map[string]any{"name": "builder-0", "uid": "49ad3572-b3dd-43a6-8d77-5858d3660275"},
		"serviceaccount": map[string]any{"name": account, "uid": "f5720c1d-e152-4356-a897-11b07aff165d"},
	}
	return c, nil
}

// gitlabClaims are those GitLab documents for its ID tokens; the name is PROJECT@TAG.
func gitlabClaims(name string) (map[string]any, error) {
	project, tag, found := strings.Cut(name, "@")
	if !found {
		return nil, fmt.Errorf("%q is not PROJECT@TAG", name)
	}
	sha := "9d5b7e1c3a0f4286d91e5c7b3f8a2460e1d4c9b8"
	c := subjectClaims(gitlabIssuer, "project_path:"+project+":ref_type:tag:ref:"+tag)
	maps.Copy(c, map[string]any{
		"project_path": project, "project_id": "48120043", "project_visibility": "private",
		"namespace_path": project[:max(strings.LastIndex(project, "/"), 0)], "namespace_id": "7310994",
		"ref": tag, "ref_type": "tag", "ref_path": "refs/tags/" + tag, "sha": sha,
		"ci_config_ref_uri": "gitlab.com/" + project + "//.gitlab-ci.yml@refs/tags/" + tag, "ci_config_sha": sha,
		"runner_environment": "gitlab-hosted", "pipeline_source": "push", "job_id": "8675309",
	})
	return c, nil
}

// buildkiteClaims are those Buildkite documents for its agents; the name is ORGANIZATION/PIPELINE.
func buildkiteClaims(name string) (map[string]any, error) {
	organization, pipeline, found := strings.Cut(name, "/")
	if !found {
		return nil, fmt.Errorf("%q is not ORGANIZATION/PIPELINE", name)
	}
	c := subjectClaims(buildkiteIssuer, "organization:"+organization+":pipeline:"+pipeline+":ref:refs/heads/main")
	maps.Copy(c, map[string]any{
		"organization_slug": organization, "pipeline_slug": pipeline, "build_number": "9", "job_id": "0184990a-477b-4fa8",
		"build_commit": "9d5b7e1c3a0f4286d91e5c7b3f8a2460e1d4c9b8", "build_source": "webhook",
		"runner_environment": "buildkite-hosted",
	})
	return c, nil
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
