/** A page to try the API over HTTP: Swagger UI with the document of the server that the page is from. */

import SwaggerUI from "swagger-ui-dist/swagger-ui-es-bundle.js";
import "swagger-ui-dist/swagger-ui.css";

// Without a validator: that one is somebody else's server.
SwaggerUI({ dom_id: "#docs", url: "../openapi.json", validatorUrl: null, docExpansion: "list", deepLinking: true });
