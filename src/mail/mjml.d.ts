/** The package brings no types; this is the part of it we use (mjml-core 5, lib/index.js). */
declare module "mjml" {
  interface MjmlOptions {
    readonly filePath: string;
    readonly includePath: string;
    readonly ignoreIncludes: boolean;
    readonly validationLevel: "strict";
    readonly fonts: Readonly<Record<string, string>>;
    readonly minify: boolean;
    readonly minifyOptions: { readonly minifyCss: false };
  }
  export default function mjml2html(mjml: string, options: MjmlOptions): Promise<{ html: string }>;
}
