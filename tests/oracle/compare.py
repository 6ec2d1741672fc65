"""Puts each bundle to Bonafide, PyPI's sigstore and npm's @sigstore/verify, and compares what they say."""

import base64
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from cryptography import x509
from sigstore.hashes import Hashed
from sigstore.models import Bundle, TrustedRoot
from sigstore.verify import Verifier, policy
from sigstore_models.common.v1 import HashAlgorithm

HERE = Path(__file__).parent
ROOT = Path(sys.argv[1])
CORPORA = os.environ.get("BONAFIDE_CORPORA")
FULCIO = "1.3.6.1.4.1.57264.1"


def main():
    roots, cases = roots_and_cases()
    explained = differences()
    npm = ask_npm(cases, roots)
    python = [ask_python(case, roots) for case in cases]
    ours = [ask_bonafide(case, roots) for case in cases]
    same, different, alone, unexplained = 0, 0, 0, 0
    for case, answers in zip(cases, zip(ours, python, npm)):
        verdicts = [answer["verdict"] for answer in answers]
        judged = [verdict for verdict in verdicts[1:] if verdict != "cannot judge"]
        why = []
        if not judged:
            alone += 1
        elif all(verdict == verdicts[0] for verdict in judged):
            same += 1
        else:
            different += 1
            why = explain(answers, explained)
            unexplained += not why
        print(f"{case['name']:<92} {verdicts[0]:<9} {verdicts[1]:<13} {verdicts[2]:<13}")
        for who, answer in zip(("bonafide", "python", "npm"), answers if len(set(judged + verdicts[:1])) > 1 else ()):
            print(f"    {who:<9} {answer['verdict']}: {' '.join(answer['reason'].split())[:170]}")
        if different and len(set(judged + verdicts[:1])) > 1:
            print(f"    {'explained: ' + '; '.join(why) if why else 'NOT EXPLAINED'}")
    # What nobody else judged is no agreement.
    print(f"{len(cases)} bundles: {same} the same, {different} different, {alone} judged by Bonafide alone; "
          f"{unexplained} differences without an explanation")
    if not CORPORA:
        print("NOT CHECKED: BONAFIDE_CORPORA names no folder, so the bundles of other projects were left out")
    return 1 if unexplained else 0


def explain(answers, explained):
    """Why an oracle refuses what Bonafide takes: each that does must say something known, and one must agree."""
    ours, *oracles = zip((None, "python", "npm"), answers)
    refusing = [(who, answer) for who, answer in oracles if answer["verdict"] == "refused"]
    agreeing = [answer for _, answer in oracles if answer["verdict"] == "verified"]
    if ours[1]["verdict"] != "verified" or not agreeing:
        return []
    reasons = [(who, " ".join(answer["reason"].split())) for who, answer in refusing]
    why = [[text for oracle, part, text in explained if oracle == who and part in reason] for who, reason in reasons]
    return [texts[0] for texts in why] if all(why) else []


def differences():
    """Lines of `oracle | part of what it says | why`."""
    lines = [line for line in (HERE / "differences.txt").read_text().splitlines() if line and not line.startswith("#")]
    return [tuple(field.strip() for field in line.split("|", 2)) for line in lines]


def roots_and_cases():
    files = sorted((ROOT / "fixtures/images").glob("*/blobs/sha256/*"))
    roots = [ROOT / "fixtures/trust/lab.trusted_root.json"]
    artifacts = {}
    if CORPORA:
        bundles = Path(CORPORA) / "bundles"
        roots += sorted((Path(CORPORA) / "trust-roots").glob("*.trusted_root.json"))
        roots += [file for file in sorted(bundles.rglob("*.json")) if is_root(file)]
        files += [file for file in sorted(bundles.rglob("*")) if file.is_file() and not is_root(file)]
    cases = []
    for file in files:
        found = list(bundles_in(file))
        if not found:
            artifacts[hashlib.sha256(file.read_bytes()).hexdigest()] = str(file)
        cases += [case(file, line, text, len(found)) for line, text in found]
    for one in cases:
        one["artifact"] = artifacts.get(one["digest"])
    unique = {hashlib.sha256(root.read_bytes()).hexdigest(): str(root) for root in roots}
    return [root for root in unique.values() if is_usable(root)], cases


def is_usable(root):
    """A root that Bonafide refuses as a whole is left out for all, and said."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as nothing:
        nothing.write("{}")
        nothing.flush()
        arguments = ["bundle", "--bundle", nothing.name, f"sha256:{'00' * 32}", "--repo", "a/b", "--trusted-root", root]
        ended = subprocess.run([os.environ["BONAFIDE"], *arguments], capture_output=True, text=True, env={})
    if ended.returncode == 2:
        print(f"left out: {ended.stderr.splitlines()[0]}")
    return ended.returncode != 2


def is_root(file):
    return b"trustedroot+json" in file.read_bytes()[:20000] or "trusted_root" in file.name


def bundles_in(file):
    data = file.read_bytes()
    texts = [data] if is_json(data) else data.splitlines()
    for line, text in enumerate(texts):
        if is_json(text) and any(key in json.loads(text) for key in ("verificationMaterial", "dsseEnvelope")):
            yield line, text.decode()


def is_json(data):
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


def case(file, line, text, count):
    """What is asked is the cryptography alone: the signer is whoever the certificate names, the subject what was signed."""
    bundle = json.loads(text)
    base, folder = (Path(CORPORA), "") if CORPORA and file.is_relative_to(CORPORA) else (ROOT / "fixtures", "")
    name = folder + str(file.relative_to(base)) + (f":{line + 1}" if count > 1 else "")
    if "blobs/sha256" in name:
        name = name.split("/blobs")[0] + "/" + file.name[:12]
    identity, issuer, repository = signer(bundle)
    return {"name": name, "bundle": text, "identity": identity, "issuer": issuer, "repository": repository,
            "digest": subject(bundle)}


def signer(bundle):
    try:
        material = bundle["verificationMaterial"]
        certificate = material.get("certificate") or material["x509CertificateChain"]["certificates"][0]
        leaf = x509.load_der_x509_certificate(base64.b64decode(certificate["rawBytes"]))
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        name = next((name.value for name in names if isinstance(name.value, str)), "")
        claims = {extension.oid.dotted_string: extension.value.value for extension in leaf.extensions
                  if extension.oid.dotted_string.startswith(FULCIO + ".")}
        issuer = claims.get(FULCIO + ".8", b"")[2:] or claims.get(FULCIO + ".1", b"")
        source = claims.get(FULCIO + ".12", b"")[2:].decode()
        repository = source.removeprefix("https://github.com/") if source.startswith("https://github.com/") else ""
        return name, issuer.decode(), repository
    except (KeyError, TypeError, ValueError, IndexError, x509.ExtensionNotFound):
        return "", "", ""


def subject(bundle):
    try:
        if "messageSignature" in bundle:
            return base64.b64decode(bundle["messageSignature"]["messageDigest"]["digest"]).hex()
        statement = json.loads(base64.b64decode(bundle["dsseEnvelope"]["payload"]))
        digests = statement["subject"][0]["digest"]
        return digests.get("sha256") or digests["sha512"]
    except (KeyError, TypeError, ValueError, IndexError):
        return "00" * 32


def ask_bonafide(case, roots):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as bundle:
        bundle.write(case["bundle"])
        bundle.flush()
        algorithm = "sha256" if len(case["digest"]) == 64 else "sha512"
        arguments = [os.environ["BONAFIDE"], "bundle", "--bundle", bundle.name, "--output", "json",
                     case["artifact"] or f"{algorithm}:{case['digest']}",
                     "--certificate-identity", case["identity"] or "nobody",
                     "--certificate-oidc-issuer", case["issuer"] or "nobody"]
        # A reusable workflow can be called by anybody: its caller is part of the signer's name.
        arguments += ["--repo", case["repository"]] if case["repository"] else []
        arguments += [part for root in roots for part in ("--trusted-root", root)]
        ended = subprocess.run(arguments, capture_output=True, text=True, env={})
    if ended.returncode not in (0, 1, 3):
        return {"verdict": f"exit {ended.returncode}", "reason": ended.stderr}
    candidate = json.loads(ended.stdout)["images"][0]["candidates"][0]
    found = [finding.get("found", "") for finding in candidate["findings"] if finding["outcome"] in ("fail", "error")]
    reason = " ".join([candidate.get("reason") or "", *found]).strip()
    return {"verdict": "verified" if ended.returncode == 0 else "refused", "reason": reason}


def ask_python(case, roots):
    if "publicKey" in json.loads(case["bundle"]).get("verificationMaterial", {}):
        return {"verdict": "cannot judge", "reason": "keys are not supported"}
    if not case["identity"]:
        return {"verdict": "cannot judge", "reason": "there is no name that it could be asked for"}
    try:
        bundle = Bundle.from_json(case["bundle"])
    except Exception as error:  # whatever it says, it says no
        return {"verdict": "refused", "reason": str(error) or type(error).__name__}
    expected = policy.Identity(identity=case["identity"], issuer=case["issuer"])
    reasons = []
    for root in roots:
        try:
            verifier = Verifier(trusted_root=TrustedRoot.from_file(root))
            if "messageSignature" in json.loads(case["bundle"]):
                digest = Hashed(algorithm=HashAlgorithm.SHA2_256, digest=bytes.fromhex(case["digest"]))
                verifier.verify_artifact(digest, bundle, expected)
            else:
                verifier.verify_dsse(bundle, expected)
            return {"verdict": "verified", "reason": root}
        except Exception as error:  # whatever it says, it says no
            reasons.append(str(error) or type(error).__name__)
    return {"verdict": "refused", "reason": "; ".join(dict.fromkeys(reasons))}


def ask_npm(cases, roots):
    lines = [json.dumps({**case, "roots": roots}) for case in cases]
    ended = subprocess.run(["node", str(HERE / "ask.js")], input="\n".join(lines), capture_output=True, text=True)
    if ended.returncode != 0:
        sys.exit(f"oracle: node failed: {ended.stderr}")
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    for one, answer in zip(cases, answers):
        keyed = "publicKey" in json.loads(one["bundle"]).get("verificationMaterial", {})
        if keyed or not one["identity"]:
            answer["verdict"] = "cannot judge"
    return answers


sys.exit(main())
