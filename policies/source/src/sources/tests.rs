use super::*;

fn check(text: &str, byte: u32, line: u32, column: u32) {
    let mut sources = Sources::new();
    let file = sources.add("a", text);
    assert_eq!(sources.position(file, byte), Position { line, column }, "byte {byte} of {text:?}");
}

#[test]
fn positions_count_characters_from_one() {
    check("", 0, 1, 1);
    check("ab\ncd", 0, 1, 1);
    check("ab\ncd", 2, 1, 3);
    check("ab\ncd", 3, 2, 1);
    check("ab\ncd", 5, 2, 3);
    check("ab\ncd", 999, 2, 3);
    check("ab\n", 3, 2, 1);
    check("é😀x\n", 2, 1, 2);
    check("é😀x\n", 6, 1, 3);
    check("a\r\nb", 3, 2, 1);
}

#[test]
fn a_byte_within_a_character_is_placed_behind_it() {
    check("é😀x", 1, 1, 2);
    check("é😀x", 4, 1, 3);
}

#[test]
fn lines_come_without_their_breaks() {
    let mut sources = Sources::new();
    let file = sources.add("a", "one\r\ntwo\n\nfour");
    let lines: Vec<&str> = (0..=6).map(|line| sources.line_text(file, line)).collect();
    assert_eq!(lines, ["", "one", "two", "", "four", "", ""]);
    assert_eq!(sources.file(file).line_count(), 4);
}

#[test]
fn files_keep_their_order_and_are_found_by_path() {
    let mut sources = Sources::new();
    let (b, a) = (sources.add("b.yaml", "x"), sources.add("a.yaml", "y"));
    let paths: Vec<&str> = sources.iter().map(|(_, file)| file.path.as_str()).collect();
    assert_eq!(paths, ["b.yaml", "a.yaml"]);
    assert_eq!((sources.find("a.yaml"), sources.find("b.yaml"), sources.find("c")), (Some(a), Some(b), None));
    assert_eq!(sources.text(Span::new(a, 0, 1)), "y");
    assert_eq!(sources.text(Span::new(a, 0, 9)), "");
}

#[test]
fn spans_contain_what_lies_within_them_in_the_same_file() {
    let mut sources = Sources::new();
    let (a, b) = (sources.add("a", "xxxx"), sources.add("b", "xxxx"));
    let outer = Span::new(a, 1, 3);
    assert!(outer.contains(outer) && outer.contains(Span::point(a, 3)));
    assert!(!outer.contains(Span::new(a, 0, 2)) && !outer.contains(Span::new(a, 2, 4)) && !outer.contains(Span::new(b, 1, 3)));
}
