//! Actions of GitHub (`action.yml`): one that is an image, or the steps of a composite one.

use crate::policy::yaml::{Node, Value};

use super::github::{expression, runs, steps};
use super::images::{Format, Images};
use super::tree::get;

pub(super) const FORMAT: Format = Format { name: "an action of GitHub", is, read };

fn is(_: &str, document: &Node) -> bool {
    runs(document).is_some()
}

fn read(document: &Node, images: &mut Images<'_>) {
    let Some((runs, using)) = runs(document) else { return };
    if let Some(image) = get(runs, "image").filter(|_| using == "docker") {
        // Anything else is a Dockerfile beside the action.
        match &image.value {
            Value::Text(text) => {
                if let Some(name) = text.strip_prefix("docker://") {
                    images.value(image, "image of the action", |_| expression(name, None));
                }
            }
            _ => images.value(image, "image of the action", |text| expression(text, None)),
        }
    }
    steps(runs, "step of the action", images, &|text| expression(text, None));
}
