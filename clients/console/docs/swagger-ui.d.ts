// The package has no types; these are of what is used.
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  export default function SwaggerUI(options: {
    dom_id: string;
    url: string;
    validatorUrl: null;
    docExpansion: "list" | "full" | "none";
    deepLinking: boolean;
  }): unknown;
}
