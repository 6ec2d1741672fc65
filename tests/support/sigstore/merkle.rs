//! The Merkle tree of RFC 6962 §2.1, by its recursive definition: slow, and plainly right.

use crate::support::digest::sha256;

/// Returns the hash of a leaf: `SHA-256(0x00 || leaf)`.
pub fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    sha256(&[&[0], leaf].concat())
}

/// Returns the Merkle Tree Hash of §2.1.
pub fn root_hash(leaves: &[Vec<u8>]) -> [u8; 32] {
    match leaves {
        [] => sha256(&[]),
        [leaf] => leaf_hash(leaf),
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            sha256(&[&[1], root_hash(left).as_slice(), &root_hash(right)].concat())
        }
    }
}

/// Returns the audit path of §2.1.1 for the leaf at `index`, from the leaf upwards.
pub fn inclusion_path(index: usize, leaves: &[Vec<u8>]) -> Vec<[u8; 32]> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    let (mut path, sibling) = if index < middle {
        (inclusion_path(index, left), root_hash(right))
    } else {
        (inclusion_path(index - middle, right), root_hash(left))
    };
    path.push(sibling);
    path
}

// "Let k be the largest power of two smaller than n."
fn split(size: usize) -> usize {
    size.next_power_of_two() / 2
}
