#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use proptest::prelude::*;

fn members(paths: &[&str]) -> Members {
    paths.iter().map(|path| ((*path).to_owned(), format!("bytes of {path}").into_bytes())).collect()
}

fn build(members: &Members) -> Result<Content, Refusal> {
    Content::build(members, &Limits::default())
}

fn check(paths: &[&str], expected: Result<(), &str>) {
    let built = build(&members(paths)).map(|_| ()).map_err(|refusal| {
        assert_eq!(refusal.reason(), Reason::ContentInvalid);
        refusal.message().to_owned()
    });
    assert_eq!(built, expected.map_err(str::to_owned), "{paths:?}");
}

fn refusal(tar: &[u8]) -> Refusal {
    Content::open(&deflate(tar).unwrap(), &Limits::default()).unwrap_err()
}

fn tar_of(paths: &[&str]) -> Vec<u8> {
    archive::write(&members(paths)).unwrap()
}

#[test]
fn paths_that_leave_the_folder_or_differ_between_systems_are_refused() {
    check(&["a", "b/c.yaml", "règles/à jour.yaml", "...x"], Ok(()));
    check(&[""], Err("the path `` is empty, absolute, or has an empty part"));
    check(&["/etc/passwd"], Err("the path `/etc/passwd` is empty, absolute, or has an empty part"));
    check(&["a//b"], Err("the path `a//b` is empty, absolute, or has an empty part"));
    check(&["a/"], Err("the path `a/` is empty, absolute, or has an empty part"));
    check(&["../a"], Err("the path `../a` has a part `.` or `..`"));
    check(&["a/../b"], Err("the path `a/../b` has a part `.` or `..`"));
    check(&["./a"], Err("the path `./a` has a part `.` or `..`"));
    check(&["a."], Err("the path `a.` has a part that ends with a dot or a space"));
    for (path, shown) in [("a\\b", "a\\b"), ("C:x", "C:x"), ("a\0b", "a\\u{0}b"), ("a\nb", "a\\nb")] {
        check(&[path], Err(&format!("the path `{shown}` has a control character or one of \\ : * ? \" < > |")));
    }
}

#[test]
fn paths_that_would_be_one_file_are_refused() {
    check(&["a/x", "A/y"], Ok(()));
    check(&["README", "readme"], Err("the paths `README` and `readme` differ only by case"));
    check(&["É", "é"], Err("the paths `É` and `é` differ only by case"));
    check(&["a", "a/b"], Err("`a` is a file, and `a/b` needs it to be a folder"));
    check(&["A/b/c", "a"], Err("`a` is a file, and `A/b/c` needs it to be a folder"));
}

#[test]
fn long_paths_are_split_or_refused() {
    let part = "p".repeat(99);
    let fits = format!("{part}/{part}");
    let content = build(&members(&[&fits])).unwrap();
    assert_eq!(Content::open(content.bytes(), &Limits::default()).unwrap(), members(&[&fits]));
    let name = "n".repeat(101);
    check(&[&name], Err(&format!("the path `{}…` has a part too long for an archive", "n".repeat(80))));
    let path = ["n"; 129].join("/");
    check(&[&path], Err(&format!("the path `{}…` is longer than 255 bytes", path.split_at(80).0)));
}

#[test]
fn the_bytes_do_not_depend_on_the_order_of_building() {
    let forward: Members = [("a".to_owned(), vec![1]), ("b".to_owned(), vec![2])].into();
    let backward: Members = [("b".to_owned(), vec![2]), ("a".to_owned(), vec![1])].into();
    assert_eq!(build(&forward).unwrap(), build(&backward).unwrap());
}

#[test]
fn the_identity_of_known_content_never_changes() {
    // The format is a promise: if this digest has to change, the format version has to.
    let content = build(&members(&["meta.json", "sources/a.yaml"])).unwrap();
    assert_eq!(content.digest().to_string(), "sha256:696c6efe4ebadbc225ed794b94561769d3cd8059df891b073db5a2183885fee5");
    assert_eq!(content.tar().size, 3 * 1024);
}

#[test]
fn the_compressed_bytes_name_no_time_and_no_system() {
    let content = build(&members(&["a"])).unwrap();
    assert_eq!(content.bytes()[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
}

#[test]
fn every_byte_of_the_archive_counts() {
    let tar = tar_of(&["a", "b/c"]);
    let original = archive::read(&tar, &Limits::default()).unwrap();
    for at in 0..tar.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut altered = tar.clone();
            altered[at] ^= flip;
            if let Ok(read) = archive::read(&altered, &Limits::default()) {
                assert_ne!(read, original, "byte {at} can be altered unseen");
                assert_eq!(archive::write(&read).unwrap(), altered);
            }
        }
    }
}

#[test]
fn every_malformed_archive_is_refused() {
    let tar = tar_of(&["a", "b"]);
    for length in 0..tar.len() {
        assert_eq!(refusal(&tar[..length]).reason(), Reason::ContentInvalid, "{length}");
    }
    assert_eq!(refusal(&[&tar[..], b"x"].concat()).message(), "the archive does not end with two empty blocks");
    let swapped = [&tar[1024..2048], &tar[..1024], &tar[2048..]].concat();
    assert_eq!(refusal(&swapped).message(), "`a` is not in order");
    let twice = [&tar[..1024], &tar[..]].concat();
    assert_eq!(refusal(&twice).message(), "`a` is not in order");
    let mut hidden = tar.clone();
    hidden[1023] = 1;
    assert_eq!(refusal(&hidden).message(), "bytes are hidden behind `a`");
    let mut unreadable = tar.clone();
    unreadable[0] = 0xff;
    assert_eq!(refusal(&unreadable).message(), "a path is not UTF-8");
    let mut sizeless = tar.clone();
    sizeless[130] = b'9';
    assert_eq!(refusal(&sizeless).message(), "a member has no readable size");
    let mut owned = tar;
    owned[110] = b'1';
    assert_eq!(refusal(&owned).message(), "the header of `a` is not canonical");
}

#[test]
fn links_folders_and_escapes_of_other_archives_are_refused() {
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Directory, tar::EntryType::Char] {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(kind);
        header.set_path("a").unwrap();
        header.set_mode(0o644);
        header.set_size(0);
        header.set_cksum();
        let archive = [header.as_bytes().as_slice(), &[0; 1024]].concat();
        assert_eq!(refusal(&archive).message(), "the header of `a` is not canonical", "{kind:?}");
    }
    let mut escaping = tar_of(&["aaaa"]);
    escaping[..4].copy_from_slice(b"../a");
    assert_eq!(refusal(&escaping).message(), "the path `../a` has a part `.` or `..`");
}

#[test]
fn too_many_members_are_refused() {
    let limits = Limits { max_members: 2, ..Limits::default() };
    let open = |paths: &[&str]| Content::open(build(&members(paths)).unwrap().bytes(), &limits);
    assert!(open(&["a", "b"]).is_ok());
    assert_eq!(open(&["a", "b", "c"]).unwrap_err().reason(), Reason::Oversized);
}

#[test]
fn nothing_is_built_that_would_not_open() {
    let limits = Limits::default();
    for limits in [
        Limits { max_members: 1, ..limits },
        Limits { max_inflated_bytes: 3 * 1024 - 1, ..limits },
        Limits { max_content_bytes: 100, ..limits },
    ] {
        assert_eq!(Content::build(&members(&["a", "b"]), &limits).unwrap_err().reason(), Reason::Oversized);
    }
}

#[test]
fn a_decompression_bomb_stops_at_the_bound() {
    let bomb = deflate(&vec![0; 8 << 20]).unwrap();
    assert!(bomb.len() < 16 << 10);
    let limits = Limits { max_inflated_bytes: 1 << 20, ..Limits::default() };
    assert_eq!(Content::open(&bomb, &limits).unwrap_err().reason(), Reason::DecompressionBomb);
    assert_eq!(inflate(&bomb, 8 << 20).unwrap().len(), 8 << 20);
    assert_eq!(inflate(&bomb, (8 << 20) - 1).unwrap_err().reason(), Reason::DecompressionBomb);
}

#[test]
fn malformed_gzip_is_refused() {
    let gz = build(&members(&["a"])).unwrap().bytes().to_vec();
    for length in 0..gz.len() {
        assert_eq!(inflate(&gz[..length], 1 << 20).unwrap_err().reason(), Reason::ContentInvalid, "{length}");
    }
    for tail in [&b"x"[..], &gz] {
        assert_eq!(inflate(&[&gz[..], tail].concat(), 1 << 20).unwrap_err().reason(), Reason::ContentInvalid);
    }
    let mut altered = gz.clone();
    let checksum = altered.len() - 8;
    altered[checksum] ^= 1;
    assert_eq!(inflate(&altered, 1 << 20).unwrap_err().reason(), Reason::ContentInvalid);
}

fn any_members() -> impl Strategy<Value = Members> {
    prop::collection::btree_map("[a-z]{1,8}(/[a-z]{1,60}){0,3}", prop::collection::vec(any::<u8>(), 0..1500), 0..6)
}

proptest! {
    #[test]
    fn what_is_built_opens_again_here_and_with_other_tools(members in any_members()) {
        let Ok(content) = build(&members) else { return Ok(()) };
        prop_assert_eq!(&Content::open(content.bytes(), &Limits::default()).unwrap(), &members);
        prop_assert_eq!(&Content::from_gz(content.bytes(), &Limits::default()).unwrap(), &content);
        let mut read = Members::new();
        for entry in tar::Archive::new(GzDecoder::new(content.bytes())).entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            prop_assert_eq!(entry.header().mode().unwrap(), 0o644);
            read.insert(entry.path().unwrap().to_str().unwrap().to_owned(), bytes);
        }
        prop_assert_eq!(read, members);
    }

    #[test]
    fn no_archive_panics(tar: Vec<u8>, gz: Vec<u8>) {
        let _ = archive::read(&tar, &Limits::default());
        let _ = Content::open(&gz, &Limits::default());
    }
}
