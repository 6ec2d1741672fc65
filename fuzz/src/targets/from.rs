//! Files that name images, from any author.

use std::thread;

use bonafide::from::{MOST_IMAGES, STACK, read};

/// The first line is the path. What is read names an image, each in the file and once in a place.
pub fn run(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let path = String::from_utf8_lossy(&data[..end]).into_owned();
    let bytes = data.get(end + 1..).unwrap_or_default();
    let reading = thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || read(&path, bytes));
        reader.expect("a thread").join().expect("it ends")
    });
    let Ok(reading) = reading else { return };
    assert!(!reading.formats.is_empty());
    assert!((1..=MOST_IMAGES).contains(&reading.found.len()));
    // A line of YAML ends with a carriage return alone, too.
    let lines = String::from_utf8_lossy(bytes).replace("\r\n", "\n").split(['\n', '\r']).count();
    for (position, found) in reading.found.iter().enumerate() {
        assert!((1..=lines).contains(&found.place.line) && found.place.column > 0, "{found:?}");
        assert!(!reading.found[..position].contains(found), "{found:?} is there twice");
    }
}

/// A file of each format.
pub fn seeds() -> Vec<Vec<u8>> {
    [
        "Dockerfile\n# syntax=docker/dockerfile:1\nARG A=1 B=\"x\"\nFROM --platform=linux/amd64 a/b:${A:-2} AS c\nFROM $B-${TARGETARCH}\n\
         COPY --from=d/e \\\n /a /b\nRUN --mount=type=bind,from=f,target=/x <<E\nFROM g\nE\nONBUILD COPY --from=c / /\n",
        "\n# escape=`\nFROM a `\n AS b\n",
        "compose.yaml\nx: &x {image: 'a:${B:-c}'}\nservices:\n  d: {<<: *x}\n  e: {build: {dockerfile_inline: FROM f}, \
         volumes: [{type: image, source: g}]}\n",
        "k.yaml\napiVersion: v1\nkind: List\nitems:\n- kind: Pod\n  spec: {containers: [{image: a}], volumes: [{image: {reference: b}}]}\n\
         ---\napiVersion: tekton.dev/v1\nkind: Task\nspec: {params: [{name: p, default: q}], steps: [{image: '$(params.p)'}]}\n",
        ".github/workflows/w.yml\non: push\njobs:\n  j:\n    runs-on: x\n    strategy: {matrix: {i: [a, b]}}\n    container: \
         ${{ matrix.i }}\n    services: {s: {image: c}}\n    steps: [{uses: 'docker://d'}]\n",
        "compose.yaml\nservices:\r  a:\r\n    image: b\r",
        "action.yml\nruns: {using: docker, image: 'docker://a'}\n",
        ".gitlab-ci.yml\nvariables: {V: w}\n.t: {image: 'a:$V'}\nj:\n  extends: .t\n  services: [b, {name: c}]\n  parallel: {matrix: \
         [{V: [d, e]}]}\n  script: f\n",
        "devcontainer.json\n{ // c\n\t\"image\": \"a\", /* d */\n}\n",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec()
}
