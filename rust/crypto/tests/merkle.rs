//! Merkle trees of every small size: each leaf proves, nothing else does.

use daicho_crypto::{MerkleTree, merkle_climb, merkle_path, merkle_root};
use daicho_types::Digest;
use daicho_types::codec::List;
use daicho_types::gateway::MerklePath;

const SIZE_MAX: u8 = 70;

fn leaves(count: u8) -> Vec<Digest> {
    (0..count).map(|n| Digest([n; 32])).collect()
}

#[test]
fn every_leaf_of_every_size_proves() {
    for count in 0..=SIZE_MAX {
        let leaves = leaves(count);
        let root = merkle_root(&leaves);
        let tree = MerkleTree::new(&leaves);
        assert_eq!(tree.root(), root);
        for (index, leaf) in leaves.iter().enumerate() {
            let path = merkle_path(&leaves, index);
            assert_eq!(tree.path(index), path);
            assert_eq!(merkle_climb(*leaf, &path), Some(root));
        }
    }
}

/// No leaf proves at another's place, with another's path or in another size.
#[test]
fn a_path_is_for_one_leaf_place_and_size() {
    for count in 1..=20 {
        let leaves = leaves(count);
        let root = merkle_root(&leaves);
        for index in 0..usize::from(count) {
            let path = merkle_path(&leaves, index);
            for (other, leaf) in leaves.iter().enumerate() {
                assert_eq!(merkle_climb(*leaf, &path) == Some(root), other == index);
            }
            for claimed in 0..u32::from(count) + 2 {
                let moved = MerklePath {
                    index: claimed,
                    ..path.clone()
                };
                let climbs = merkle_climb(leaves[index], &moved) == Some(root);
                assert_eq!(climbs, claimed == u32::try_from(index).unwrap());
                let resized = MerklePath {
                    leaves: claimed,
                    ..path.clone()
                };
                let climbs = merkle_climb(leaves[index], &resized) == Some(root);
                assert_eq!(climbs, claimed == u32::from(count));
            }
        }
    }
}

#[test]
fn a_path_of_the_wrong_shape_climbs_nowhere() {
    for count in 2..=SIZE_MAX {
        let leaves = leaves(count);
        let path = merkle_path(&leaves, 0);
        let with = |siblings: Vec<Digest>| MerklePath {
            siblings: List::new(siblings).unwrap(),
            ..path.clone()
        };
        let siblings = path.siblings.clone().into_inner();
        let shorter = with(siblings[1..].to_vec());
        assert_eq!(merkle_climb(leaves[0], &shorter), None);
        let longer = with([siblings.clone(), vec![Digest::ZERO]].concat());
        assert_eq!(merkle_climb(leaves[0], &longer), None);
        for place in 0..siblings.len() {
            let mut bad = siblings.clone();
            bad[place].0[0] ^= 1;
            assert_ne!(
                merkle_climb(leaves[0], &with(bad)),
                Some(merkle_root(&leaves))
            );
        }
    }
    let empty = MerklePath {
        index: 0,
        leaves: 0,
        siblings: List::default(),
    };
    assert_eq!(merkle_climb(Digest::ZERO, &empty), None);
}

/// The root binds the order and the number of leaves, and an inner node is no
/// leaf: a subtree cannot pass for a shorter list.
#[test]
fn no_two_lists_share_a_root() {
    let mut roots = std::collections::BTreeSet::new();
    for count in 0..=SIZE_MAX {
        let mut leaves = leaves(count);
        assert!(roots.insert(merkle_root(&leaves)));
        if count > 1 {
            leaves.swap(0, 1);
            assert!(roots.insert(merkle_root(&leaves)));
            leaves.swap(0, 1);
            leaves.push(*leaves.last().unwrap());
            assert!(roots.insert(merkle_root(&leaves)), "a last leaf twice");
        }
    }
    let pairs = [
        Digest([1; 32]),
        Digest([2; 32]),
        Digest([3; 32]),
        Digest([4; 32]),
    ];
    let halves = [merkle_root(&pairs[..2]), merkle_root(&pairs[2..])];
    assert_ne!(merkle_root(&halves), merkle_root(&pairs));
}
