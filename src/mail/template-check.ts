/** What a template may say, looked at before anything is compiled so that file and line are those of the source. */
import Handlebars from "handlebars";
import { Invalid } from "../errors.ts";

/**
 * Parses one template and refuses what would reach outside its view: partials, raw output, helpers but `t` and `if`.
 *
 * @returns the keys of the text catalogue and the partials it names
 * @throws {Invalid} with file and line
 */
export function checkTemplate(file: string, source: string): { keys: string[]; partials: string[] } {
  let program: hbs.AST.Program;
  try {
    program = Handlebars.parse(source);
  } catch (error) {
    throw new Invalid(`templates/${file} is broken: ${(error as Error).message}`, [], { cause: error });
  }
  const keys: string[] = [];
  const refuse = (node: hbs.AST.Node, why: string): never => {
    throw new Invalid(`templates/${file}, line ${node.loc.start.line}: ${why}`);
  };

  class Check extends Handlebars.Visitor {
    override MustacheStatement(node: hbs.AST.MustacheStatement): void {
      if (!node.escaped) refuse(node, "raw output {{{…}}} would let a title bring its own markup. Write {{…}}");
      this.call(node);
      super.MustacheStatement(node);
    }
    override BlockStatement(node: hbs.AST.BlockStatement): void {
      if (nameOf(node.path) !== "if")
        refuse(node, `the block {{#${nameOf(node.path)}}} is not known. There is {{#if}}`);
      super.BlockStatement(node);
    }
    override SubExpression(node: hbs.AST.SubExpression): void {
      this.call(node);
      super.SubExpression(node);
    }
    override PartialStatement(node: hbs.AST.PartialStatement): void {
      refuse(node, "partials come in by mj-include, from templates/partials");
    }
    override PartialBlockStatement(node: hbs.AST.PartialBlockStatement): void {
      refuse(node, "partials come in by mj-include, from templates/partials");
    }
    override Decorator(node: hbs.AST.Decorator): void {
      refuse(node, "decorators are not for templates");
    }
    override DecoratorBlock(node: hbs.AST.DecoratorBlock): void {
      refuse(node, "decorators are not for templates");
    }

    private call(node: hbs.AST.MustacheStatement | hbs.AST.SubExpression): void {
      const name = nameOf(node.path);
      if (name === "t") {
        const key = node.params[0];
        if (key?.type !== "StringLiteral") refuse(node, 't wants the key itself: {{t "mail.name"}}');
        keys.push((key as hbs.AST.StringLiteral).value);
      } else if (node.params.length > 0 || (node.hash?.pairs.length ?? 0) > 0) {
        refuse(node, `{{${name} …}} is not known. There is {{t "key"}}`);
      }
    }
  }
  new Check().accept(program);
  const partials = [...source.matchAll(/<mj-include\b[^>]*>/gu)].map((include) => {
    const partial = /\bpath="(partials\/[\w-]+\.mjml)"/u.exec(include[0])?.[1];
    const line = source.slice(0, include.index).split("\n").length;
    if (partial === undefined)
      throw new Invalid(`templates/${file}, line ${line}: ${include[0]} does not name an .mjml file in partials/`);
    return partial;
  });
  return { keys, partials };
}

function nameOf(path: hbs.AST.Expression): string {
  return path.type === "PathExpression" ? (path as hbs.AST.PathExpression).original : path.type;
}
