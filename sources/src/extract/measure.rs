//! Bounds on a page, found before anything costly or recursive sees it.
//!
//! The page is run once through the very parser that will read it (html5ever), with a tree that holds depths and nothing
//! else. A scan of the bytes would be cheaper but can be led astray (comments, raw text, foreign content, misnested
//! formatting); the parser's own idea of the tree cannot.

use std::borrow::Cow;
use std::cell::{Cell, Ref, RefCell};

use html5ever::interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, ParseOpts, QualName, parse_document};

use scraper::{Html, HtmlTreeSink};

use super::ExtractError;

/// Deepest nesting that is read. Written pages stay under 100; generated ones reach a few hundred.
const MAX_DEPTH: u32 = 400;

/// Most elements that are read.
const MAX_ELEMENTS: usize = 150_000;

/// Most bytes of HTML that are read.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// Bytes between two looks at the bounds.
const CHUNK: usize = 4096;

/// Most work that attributes may cost. The tokenizer compares every attribute of a tag with all before it, so that one tag
/// of megabytes would keep it busy for hours; this is the most comparisons that are let through.
const MAX_COMPARISONS: u64 = 2_000_000_000;

/// Checks that a page can be read in bounded time and stack.
///
/// # Errors
/// [`ExtractError::TooComplex`] where it cannot.
pub(crate) fn check(html: &str) -> Result<(), ExtractError> {
    run(html, Depths::new())
}

/// Parses a page and looks at the bounds on the way, so that it is read once only.
///
/// # Errors
/// [`ExtractError::TooComplex`] where it cannot be read in bounded time and stack.
pub(super) fn parse(html: &str) -> Result<Html, ExtractError> {
    run(html, Bounded { depths: Depths::new(), sink: HtmlTreeSink::new(Html::new_document()) })
}

/// A sink that knows how deep its tree is.
trait Measured: TreeSink {
    fn depths(&self) -> &Depths;
}

fn run<S: Measured>(html: &str, sink: S) -> Result<S::Output, ExtractError> {
    let too_complex = |why: String| Err(ExtractError::TooComplex { why });
    if html.len() > MAX_BYTES {
        return too_complex(format!("more than {MAX_BYTES} bytes"));
    }
    let options = ParseOpts {
        tree_builder: TreeBuilderOpts { scripting_enabled: false, ..TreeBuilderOpts::default() },
        ..ParseOpts::default()
    };
    let mut parser = parse_document(sink, options);
    let mut rest = html;
    let (mut seen, mut pending, mut comparisons) = (0usize, 0u64, 0u64);
    while !rest.is_empty() {
        let (chunk, after) = rest.split_at(rest.floor_char_boundary(CHUNK.min(rest.len())).max(1));
        rest = after;
        parser.process(StrTendril::from(chunk));
        let tree = parser.tokenizer.sink.sink.depths();
        if tree.deepest.get() > MAX_DEPTH {
            return too_complex(format!("elements nested more than {MAX_DEPTH} deep"));
        }
        if tree.nodes.borrow().len() > MAX_ELEMENTS {
            return too_complex(format!("more than {MAX_ELEMENTS} elements"));
        }
        // An attribute needs a separator before it; as long as no token came out, all of them may be in one tag.
        let separators =
            chunk.bytes().filter(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'"' | b'\'')).count() as u64;
        pending = if tree.calls.get() == seen { pending + separators } else { separators };
        seen = tree.calls.get();
        comparisons = comparisons.saturating_add(separators * pending / 2);
        if comparisons > MAX_COMPARISONS {
            return too_complex("tags with too many attributes".to_owned());
        }
    }
    Ok(parser.finish())
}

/// A tree of which only names and places are kept. A handle is an index; 0 is the document.
struct Depths {
    nodes: RefCell<Vec<Node>>,
    deepest: Cell<u32>,
    calls: Cell<usize>,
}

#[derive(Default)]
struct Node {
    name: Option<QualName>,
    parent: Option<usize>,
    children: Vec<usize>,
    contents: Option<usize>,
    integration_point: bool,
}

impl Depths {
    fn new() -> Self {
        Self { nodes: RefCell::new(vec![Node::default()]), deepest: Cell::new(0), calls: Cell::new(0) }
    }

    fn make(&self, node: Node) -> usize {
        self.calls.set(self.calls.get() + 1);
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(node);
        nodes.len() - 1
    }

    /// Puts a node under a parent and sees how deep it now stands. What hangs under a node that moves is not seen again, but
    /// whatever is put there next walks up the true way.
    fn put(&self, parent: usize, child: NodeOrText<usize>) {
        self.calls.set(self.calls.get() + 1);
        let NodeOrText::AppendNode(child) = child else { return };
        let mut nodes = self.nodes.borrow_mut();
        detach(&mut nodes, child);
        nodes[child].parent = Some(parent);
        nodes[parent].children.push(child);
        let (mut depth, mut at) = (0, child);
        while let Some(up) = nodes[at].parent {
            (depth, at) = (depth + 1, up);
            if depth > MAX_DEPTH {
                break;
            }
        }
        self.deepest.set(self.deepest.get().max(depth));
    }
}

fn detach(nodes: &mut [Node], child: usize) {
    if let Some(parent) = nodes[child].parent.take() {
        // Nodes are moved soon after they are put, so that the search from the end is short.
        if let Some(at) = nodes[parent].children.iter().rposition(|c| *c == child) {
            nodes[parent].children.remove(at);
        }
    }
}

impl Measured for Depths {
    fn depths(&self) -> &Depths {
        self
    }
}

impl TreeSink for Depths {
    type Handle = usize;
    type Output = ();
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> usize {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a usize) -> Ref<'a, QualName> {
        static NONE: std::sync::LazyLock<QualName> =
            std::sync::LazyLock::new(|| QualName::new(None, html5ever::ns!(), html5ever::local_name!("")));
        Ref::map(self.nodes.borrow(), |nodes| nodes[*target].name.as_ref().unwrap_or(&NONE))
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, flags: ElementFlags) -> usize {
        let integration_point = flags.mathml_annotation_xml_integration_point;
        let node = self.make(Node { name: Some(name), integration_point, ..Node::default() });
        if flags.template {
            let contents = self.make(Node { parent: Some(node), ..Node::default() });
            self.nodes.borrow_mut()[node].contents = Some(contents);
        }
        node
    }

    fn create_comment(&self, _: StrTendril) -> usize {
        self.make(Node::default())
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> usize {
        self.make(Node::default())
    }

    fn append(&self, parent: &usize, child: NodeOrText<usize>) {
        self.put(*parent, child);
    }

    fn append_based_on_parent_node(&self, element: &usize, previous: &usize, child: NodeOrText<usize>) {
        let parent = self.nodes.borrow()[*element].parent;
        self.put(parent.unwrap_or(*previous), child);
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &usize) -> usize {
        self.nodes.borrow()[*target].contents.unwrap_or(*target)
    }

    fn same_node(&self, x: &usize, y: &usize) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &usize, child: NodeOrText<usize>) {
        let parent = self.nodes.borrow()[*sibling].parent;
        self.put(parent.unwrap_or_default(), child);
    }

    fn add_attrs_if_missing(&self, _: &usize, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, target: &usize) {
        detach(&mut self.nodes.borrow_mut(), *target);
    }

    fn reparent_children(&self, node: &usize, new_parent: &usize) {
        let mut nodes = self.nodes.borrow_mut();
        let moved = std::mem::take(&mut nodes[*node].children);
        for child in &moved {
            nodes[*child].parent = Some(*new_parent);
        }
        nodes[*new_parent].children.extend(moved);
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &usize) -> bool {
        self.nodes.borrow()[*handle].integration_point
    }
}

/// Two trees that are built together: the one that is wanted, and the one that is measured.
struct Bounded<S> {
    depths: Depths,
    sink: S,
}

/// A node of both trees.
#[derive(Clone)]
struct Both<H> {
    at: usize,
    node: H,
}

fn split<H>(child: NodeOrText<Both<H>>) -> (NodeOrText<usize>, NodeOrText<H>) {
    match child {
        NodeOrText::AppendNode(both) => (NodeOrText::AppendNode(both.at), NodeOrText::AppendNode(both.node)),
        // The measured tree holds no text.
        NodeOrText::AppendText(text) => (NodeOrText::AppendText(StrTendril::new()), NodeOrText::AppendText(text)),
    }
}

impl<S: TreeSink> Measured for Bounded<S> {
    fn depths(&self) -> &Depths {
        &self.depths
    }
}

impl<S: TreeSink> TreeSink for Bounded<S> {
    type Handle = Both<S::Handle>;
    type Output = S::Output;
    type ElemName<'a>
        = S::ElemName<'a>
    where
        S: 'a;

    fn finish(self) -> S::Output {
        self.sink.finish()
    }

    // Not handed on: nobody reads them, and a hostile page has millions.
    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Self::Handle {
        Both { at: 0, node: self.sink.get_document() }
    }

    fn elem_name<'a>(&'a self, target: &'a Self::Handle) -> S::ElemName<'a> {
        self.sink.elem_name(&target.node)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> Self::Handle {
        let mut own = ElementFlags::default();
        own.template = flags.template;
        own.mathml_annotation_xml_integration_point = flags.mathml_annotation_xml_integration_point;
        let at = self.depths.create_element(name.clone(), Vec::new(), own);
        Both { at, node: self.sink.create_element(name, attrs, flags) }
    }

    fn create_comment(&self, text: StrTendril) -> Self::Handle {
        Both { at: self.depths.create_comment(StrTendril::new()), node: self.sink.create_comment(text) }
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> Self::Handle {
        let at = self.depths.create_pi(StrTendril::new(), StrTendril::new());
        Both { at, node: self.sink.create_pi(target, data) }
    }

    fn append(&self, parent: &Self::Handle, child: NodeOrText<Self::Handle>) {
        let (own, child) = split(child);
        self.depths.append(&parent.at, own);
        self.sink.append(&parent.node, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &Self::Handle,
        previous: &Self::Handle,
        child: NodeOrText<Self::Handle>,
    ) {
        let (own, child) = split(child);
        self.depths.append_based_on_parent_node(&element.at, &previous.at, own);
        self.sink.append_based_on_parent_node(&element.node, &previous.node, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.sink.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &Self::Handle) -> Self::Handle {
        Both { at: self.depths.get_template_contents(&target.at), node: self.sink.get_template_contents(&target.node) }
    }

    fn same_node(&self, x: &Self::Handle, y: &Self::Handle) -> bool {
        x.at == y.at
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.sink.set_quirks_mode(mode);
    }

    fn append_before_sibling(&self, sibling: &Self::Handle, child: NodeOrText<Self::Handle>) {
        let (own, child) = split(child);
        self.depths.append_before_sibling(&sibling.at, own);
        self.sink.append_before_sibling(&sibling.node, child);
    }

    fn add_attrs_if_missing(&self, target: &Self::Handle, attrs: Vec<Attribute>) {
        self.sink.add_attrs_if_missing(&target.node, attrs);
    }

    fn remove_from_parent(&self, target: &Self::Handle) {
        self.depths.remove_from_parent(&target.at);
        self.sink.remove_from_parent(&target.node);
    }

    fn reparent_children(&self, node: &Self::Handle, new_parent: &Self::Handle) {
        self.depths.reparent_children(&node.at, &new_parent.at);
        self.sink.reparent_children(&node.node, &new_parent.node);
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &Self::Handle) -> bool {
        self.sink.is_mathml_annotation_xml_integration_point(&handle.node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_nesting_is_refused_however_it_is_hidden() {
        for unit in [
            "<div>",
            "<b><div></b>",
            "<svg><style><g>",
            "<div><object></div>",
            "<!-- <p> --><i a=1><ul><li>",
            "<template><b>",
        ] {
            let html = unit.repeat(20_000);
            assert!(matches!(check(&html), Err(ExtractError::TooComplex { .. })), "{unit}");
        }
        let distinct: String = (0..20_000).map(|i| format!("<div><b x={i}></div>t")).collect();
        assert!(check(&distinct).is_err());
    }

    #[test]
    fn long_flat_pages_are_read() {
        assert_eq!(check(&"<p>word<br>word <b>bold</b>".repeat(20_000)), Ok(()));
        assert_eq!(check(&"<table><tr><td><font color=red>x</table>".repeat(5_000)), Ok(()));
        let data = format!("<img src=\"data:image/png;base64,{}\">", "iVBORw0KGgo".repeat(100_000));
        assert_eq!(check(&data), Ok(()));
    }

    #[test]
    fn one_tag_with_a_million_attributes_is_refused() {
        let attributes: String = (0..500_000).map(|i| format!("a{i:x} ")).collect();
        assert!(check(&format!("<p {attributes}>text")).is_err());
    }
}
