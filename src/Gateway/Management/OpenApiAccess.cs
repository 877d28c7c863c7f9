using Gateway.Http;
using Gateway.Management.Access;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Gateway.Management;

/// <summary>What the OpenAPI document says of logins and paths: how one logs in, which role an operation takes, and the parameters
/// of its path.</summary>
internal static class OpenApiAccess
{
    private const string Token = "token";
    private const string Session = "session";

    /// <summary>Describes the ways to log in.</summary>
    public static void Describe(OpenApiDocument document)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [Token] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                BearerFormat = "gw_NAME.SECRET",
                Description = "A token of 'gateway passwd --token'.",
            },
            [Session] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = SessionCookie.Name,
                Description = $"A session of POST /api/v1/session, over TLS in the cookie {SessionCookie.SecureName}; changes take the header {RequestOrigin.PageHeader}, too.",
            },
        };
    }

    /// <summary>Describes who may ask an operation for what.</summary>
    public static void Describe(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var role = context.Description.ActionDescriptor.EndpointMetadata.OfType<RequiredRole>().LastOrDefault()?.Role ?? Role.Admin;
        // Nothing is needed on loopback while there are no logins.
        operation.Security = role == Role.None ? []
            : [Scheme(Token, context.Document), Scheme(Session, context.Document), new OpenApiSecurityRequirement()];
        if (role != Role.None)
        {
            operation.Description = string.Join(' ', new[] { operation.Description, $"Takes the role {role.ToString().ToLowerInvariant()}." }.Where(part => !string.IsNullOrEmpty(part)));
            operation.Responses ??= [];
            operation.Responses.TryAdd("401", new OpenApiResponse { Description = "There is no login." });
            operation.Responses.TryAdd("403", new OpenApiResponse { Description = "The role may not." });
        }

        foreach (var name in PathParameters(context.Description.RelativePath ?? ""))
        {
            operation.Parameters ??= [];
            if (!operation.Parameters.Any(parameter => parameter.In == ParameterLocation.Path && parameter.Name == name))
            {
                operation.Parameters.Add(new OpenApiParameter
                {
                    Name = name,
                    In = ParameterLocation.Path,
                    Required = true,
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                });
            }
        }
    }

    private static OpenApiSecurityRequirement Scheme(string name, OpenApiDocument? document) =>
        new() { [new OpenApiSecuritySchemeReference(name, document)] = [] };

    /// <summary>The names between braces, without their constraints.</summary>
    private static IEnumerable<string> PathParameters(string path) => path.Split('/')
        .Where(segment => segment.StartsWith('{') && segment.EndsWith('}')).Select(segment => segment[1..^1].Split(':')[0]);
}
