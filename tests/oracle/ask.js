// Reads cases as JSON, one on each line, and answers each with one line: {"verdict": …, "reason": …}.
// A case has a bundle, the paths of trusted roots, an identity and, where the bundle signs a file, the file's path.
const fs = require('fs');
const { bundleFromJSON } = require('@sigstore/bundle');
const { TrustedRoot } = require('@sigstore/protobuf-specs');
const { Verifier, toSignedEntity, toTrustMaterial } = require('@sigstore/verify');

// A domain demands what it has: GitHub's instance has neither logs nor CT, and timestamps instead.
function verifier(path) {
  const root = TrustedRoot.fromJSON(JSON.parse(fs.readFileSync(path, 'utf8')));
  return new Verifier(toTrustMaterial(root), {
    tlogThreshold: root.tlogs.length > 0 ? 1 : 0,
    ctlogThreshold: root.ctlogs.length > 0 ? 1 : 0,
    timestampThreshold: 1,
  });
}

const literally = (text) => new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);

function judge({ bundle, roots, identity, issuer, artifact }) {
  let entity;
  try {
    const parsed = bundleFromJSON(JSON.parse(bundle));
    if (parsed.content.$case === 'messageSignature' && !artifact) {
      return { verdict: 'cannot judge', reason: 'the file itself is not here' };
    }
    entity = toSignedEntity(parsed, artifact && fs.readFileSync(artifact));
  } catch (error) {
    return { verdict: 'refused', reason: error.message };
  }
  const reasons = [];
  for (const root of roots) {
    try {
      verifier(root).verify(entity, { subjectAlternativeName: literally(identity), extensions: { issuer } });
      return { verdict: 'verified', reason: root };
    } catch (error) {
      reasons.push(`${error.code || ''} ${error.message}`.trim());
    }
  }
  return { verdict: 'refused', reason: [...new Set(reasons)].join('; ') };
}

for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  console.log(JSON.stringify(judge(JSON.parse(line))));
}
