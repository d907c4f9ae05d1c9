#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use proptest::prelude::*;

fn split(chunks: &[&[u8]]) -> (Vec<Event>, Option<Event>) {
    let mut splitter = Splitter::default();
    let mut events = Vec::new();
    for chunk in chunks {
        splitter.push(Bytes::copy_from_slice(chunk));
        while let Some(event) = splitter.next_event().unwrap() {
            events.push(event);
        }
    }
    (events, splitter.finish())
}

type Fields<'a> = (Option<&'a str>, Option<&'a str>);

fn fields(event: &Event) -> Fields<'_> {
    let text = |bytes: &'_ Option<Bytes>| bytes.clone().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap().leak() as &str);
    (text(&event.name), text(&event.data))
}

fn check(stream: &str, expected: &[Fields<'_>]) {
    let (events, rest) = split(&[stream.as_bytes()]);
    assert_eq!(events.iter().map(fields).collect::<Vec<_>>(), expected, "{stream:?}");
    assert_eq!(rest, None, "{stream:?}");
    let raw: Vec<u8> = events.iter().flat_map(|event| event.raw.to_vec()).collect();
    assert_eq!(raw, stream.as_bytes(), "the events are the stream");
}

#[test]
fn each_kind_of_line_end_ends_lines_and_events() {
    for end in ["\n", "\r\n", "\r"] {
        check(&"data: a#data: b##event: x#data: c##".replace('#', end), &[(None, Some("a\nb")), (Some("x"), Some("c"))]);
    }
}

#[test]
fn fields_are_read_as_the_standard_says() {
    check("data:a\n\n", &[(None, Some("a"))]);
    check("data:  a\n\n", &[(None, Some(" a"))]);
    check("data\n\n", &[(None, Some(""))]);
    check("data: a: b\n\n", &[(None, Some("a: b"))]);
    check("data\ndata\ndata: a\ndata\n\n", &[(None, Some("\n\na\n"))]);
    check("id: 7\nretry: 3\nnothing: x\n data: no\n\n", &[(None, None)]);
    check("event: a\nevent: b\ndata: c\n\n", &[(Some("b"), Some("c"))]);
    check("data: a\n: comment\ndata: b\n\n", &[(None, Some("a\nb"))]);
}

#[test]
fn comments_alone_are_an_event_without_data() {
    check(": keep-alive\n\ndata: a\n\n", &[(None, None), (None, Some("a"))]);
    check("\n\n", &[(None, None), (None, None)]);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_start_only() {
    check("\u{feff}data: a\n\n\u{feff}data: b\n\n", &[(None, Some("a")), (None, None)]);
}

#[test]
fn an_event_within_a_chunk_is_not_copied() {
    let chunk = Bytes::from("data: a\n\ndata: b\n\n".to_owned());
    let mut splitter = Splitter::default();
    splitter.push(chunk.clone());
    let first = splitter.next_event().unwrap().unwrap();
    let second = splitter.next_event().unwrap().unwrap();
    assert_eq!(first.raw.as_ptr(), chunk.as_ptr());
    assert_eq!(first.data.unwrap().as_ptr(), chunk.slice(6..).as_ptr());
    assert_eq!(second.raw.as_ptr(), chunk.slice(9..).as_ptr());
}

#[test]
fn an_event_is_given_as_soon_as_its_blank_line_is_there() {
    let mut splitter = Splitter::default();
    splitter.push(Bytes::from_static(b"data: a\r\n\r"));
    assert!(splitter.next_event().unwrap().is_some());
    splitter.push(Bytes::from_static(b"\ndata: b\r\n\r\n"));
    let second = splitter.next_event().unwrap().unwrap();
    assert_eq!((second.raw.as_ref(), second.data.as_deref()), (&b"\ndata: b\r\n\r\n"[..], Some(&b"b"[..])));
}

#[test]
fn what_is_left_at_the_end_is_an_event_if_it_has_data_and_gets_its_line_ends() {
    for (stream, raw) in [("data: a", "data: a\n\n"), ("data: a\n", "data: a\n\n"), ("data: a\r", "data: a\r\n")] {
        let (events, rest) = split(&[stream.as_bytes()]);
        assert!(events.is_empty());
        let rest = rest.unwrap();
        assert_eq!((rest.raw.as_ref(), rest.data.as_deref()), (raw.as_bytes(), Some(&b"a"[..])), "{stream:?}");
    }
    for stream in ["", ": comment", "data: a\n\n", "event: x\n", "data: a\r\n\r"] {
        assert_eq!(split(&[stream.as_bytes()]).1, None, "{stream:?}");
    }
}

#[test]
fn an_event_may_be_as_large_as_the_limit_and_no_larger() {
    let event = Bytes::from_static(b"data: 12345678\n\n");
    let fits = |limit: usize, cut: usize| {
        let mut splitter = Splitter::new(limit);
        splitter.push(event.slice(..cut));
        splitter.next_event()?;
        splitter.push(event.slice(cut..));
        splitter.next_event()
    };
    for cut in 0..event.len() {
        assert_eq!(fits(16, cut).unwrap().unwrap().raw, event, "{cut}");
        assert_eq!(fits(15, cut).unwrap_err(), EventTooLarge { limit: 15 }, "{cut}");
    }
}

fn stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => "data: ?[a-zé:]{0,6}", 1 => "event: [a-z]{0,3}", 1 => ":[a-z ]{0,4}", 2 => Just(String::new()), 1 => "(\u{feff})?data: x", 1 => ".{0,4}"
    ];
    prop::collection::vec((line, prop::sample::select(&["\n", "\r\n", "\r"][..])), 0..16)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect::<String>().into_bytes())
}

proptest! {
    #[test]
    fn however_a_stream_is_cut_the_events_are_the_same(stream in stream(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8)) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).chain([0, stream.len()]).collect();
        cuts.sort_unstable();
        let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| stream.get(pair[0]..pair[1]).unwrap()).collect();
        let (whole, whole_rest) = split(&[&stream]);
        let (events, rest) = split(&chunks);
        prop_assert_eq!(events.iter().map(fields).collect::<Vec<_>>(), whole.iter().map(fields).collect::<Vec<_>>());
        prop_assert_eq!(rest.as_ref().map(fields), whole_rest.as_ref().map(fields));
        let raw: Vec<u8> = events.iter().flat_map(|event| event.raw.to_vec()).collect();
        prop_assert!(stream.starts_with(&raw));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\r\n:d"[..])], 0..200), limit in 0_usize..100) {
        let mut splitter = Splitter::new(limit);
        splitter.push(bytes.into());
        while let Ok(Some(_)) = splitter.next_event() {}
        drop(splitter.finish());
    }
}
