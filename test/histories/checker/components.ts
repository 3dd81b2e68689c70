interface Mark {
  readonly index: number;
  low: number;
  isOpen: boolean;
}

/**
 * Returns the strongly connected components of a graph that have more than one node. Tarjan's algorithm, without recursion:
 * a history can be longer than the call stack allows.
 */
export function components<Node>(nodes: Iterable<Node>, next: (node: Node) => Iterable<Node>): Node[][] {
  const marks = new Map<Node, Mark>();
  const open: Node[] = [];
  const found: Node[][] = [];

  const enter = (node: Node): { readonly node: Node; readonly mark: Mark; readonly left: Iterator<Node> } => {
    const mark = { index: marks.size, low: marks.size, isOpen: true };
    marks.set(node, mark);
    open.push(node);
    return { node, mark, left: next(node)[Symbol.iterator]() };
  };
  const close = (node: Node): void => {
    const component = open.splice(open.lastIndexOf(node));
    for (const member of component) marks.get(member)!.isOpen = false;
    if (component.length > 1) found.push(component);
  };

  for (const root of nodes) {
    if (marks.has(root)) continue;
    const path = [enter(root)];
    for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
      const { done, value } = at.left.next();
      if (done === true) {
        path.pop();
        if (at.mark.low === at.mark.index) close(at.node);
        const parent = path.at(-1);
        if (parent !== undefined) parent.mark.low = Math.min(parent.mark.low, at.mark.low);
        continue;
      }
      const seen = marks.get(value);
      if (seen === undefined) path.push(enter(value));
      else if (seen.isOpen) at.mark.low = Math.min(at.mark.low, seen.index);
    }
  }
  return found;
}
