// Swagger UI over our own document: nothing is asked of anybody else, and no token is kept.
const place = document.getElementById("try");
window.SwaggerUIBundle({
  domNode: place,
  url: place.dataset.document,
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  tryItOutEnabled: true,
  docExpansion: "list",
  defaultModelsExpandDepth: -1,
});
