import { Type } from "typebox";
import { FIELD_DESCRIPTIONS } from "@stele/query";

const OneOrMore = Type.Union([Type.String(), Type.Array(Type.String())]);

/**
 * The filters that search, counts and the tail share: `q`, and each field of the query language by its name.
 * A schema is to leave room for more, because `metadata.<path>` is one too: `queryFromParameters` refuses what is none.
 */
export const FILTERS: Readonly<Record<string, ReturnType<typeof describe>>> = Object.fromEntries([
  [
    "q",
    describe("A query, as docs/operate/search.md has it: actor:alice action:document.* -outcome:success"),
  ],
  ...FIELD_DESCRIPTIONS.filter(({ name }) => name !== "metadata.").map(
    ({ name, description }) =>
      [name, describe(`${description}. As ${name}:… in q. Given twice, both must hold`)] as const,
  ),
]);

function describe(description: string) {
  return Type.Optional(Type.Unsafe<string | string[]>({ ...OneOrMore, description }));
}
