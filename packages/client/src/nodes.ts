import type { Answer } from "./answer.ts";

/** The nodes of a store, as each last said there. */
export interface NodesOfStore {
  /** The node that answers first, then the others by name. */
  readonly nodes: readonly StoreNode[];
  /** Why the others are not shown as they are now; undefined if they are. */
  readonly reason: string | undefined;
}

/** What a node said of itself. Whoever can write to the store can say anything there. Times are RFC 3339, and by its own clock. */
export interface StoreNode {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly startedAt: string;
  readonly seenAt: string;
  /** Seconds. */
  readonly age: number;
  readonly state: string;
  /** Whether it is the node that answered. */
  readonly isSelf: boolean;
  /** 100 at most. */
  readonly logs: readonly {
    readonly name: string;
    readonly treeSize: number;
    readonly writable: boolean;
  }[];
  /** What this node committed, over ten seconds. */
  readonly eventsPerSecond: number;
}

/** @throws MalformedError `response_malformed` */
export function parseNodes(answer: Answer): NodesOfStore {
  return {
    nodes: answer.field("nodes").items().map(parseNode),
    reason: answer.has("reason") ? answer.field("reason").string() : undefined,
  };
}

function parseNode(node: Answer): StoreNode {
  return {
    id: node.field("id").string(),
    name: node.field("name").string(),
    version: node.field("version").string(),
    startedAt: node.field("started_at").string(),
    seenAt: node.field("seen_at").string(),
    age: node.field("age_seconds").number(),
    state: node.field("state").string(),
    isSelf: node.field("self").boolean(),
    logs: node
      .field("logs")
      .items()
      .map((log) => ({
        name: log.field("name").string(),
        treeSize: log.field("tree_size").integer(),
        writable: log.field("writable").boolean(),
      })),
    eventsPerSecond: node.field("events_per_second").number(),
  };
}
