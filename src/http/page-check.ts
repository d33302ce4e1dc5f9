import Handlebars from "handlebars";
import { Invalid } from "../errors.ts";

/**
 * Looks at a page before it is compiled: it parses, and nothing in it is put out raw, so that no title brings its own markup.
 *
 * @returns the keys of the text catalogue it names
 * @throws {Invalid} with file and line
 */
export function checkPage(file: string, source: string): string[] {
  const keys: string[] = [];
  const refuse = (node: hbs.AST.Node, why: string): never => {
    throw new Invalid(`templates/pages/${file}, line ${node.loc.start.line}: ${why}`);
  };
  const note = ({ path, params }: hbs.AST.MustacheStatement | hbs.AST.SubExpression) => {
    if ((path as hbs.AST.PathExpression).original !== "t") return;
    const [key] = params;
    if (key?.type !== "StringLiteral") refuse(path, 't wants the key itself: {{t "page.name"}}');
    keys.push((key as hbs.AST.StringLiteral).value);
  };
  class Check extends Handlebars.Visitor {
    override MustacheStatement(node: hbs.AST.MustacheStatement): void {
      if (!node.escaped) refuse(node, "raw output {{{…}}} would let a title bring its own markup. Write {{…}}");
      note(node);
      super.MustacheStatement(node);
    }
    override SubExpression(node: hbs.AST.SubExpression): void {
      note(node);
      super.SubExpression(node);
    }
  }
  new Check().accept(parsed(file, source));
  return keys;
}

function parsed(file: string, source: string): hbs.AST.Program {
  try {
    return Handlebars.parse(source);
  } catch (error) {
    throw new Invalid(`templates/pages/${file} is broken: ${(error as Error).message}`, [], { cause: error });
  }
}
