using System.Text.Json.Nodes;
using Gateway.Configuration;
using Gateway.Management.Changes;

namespace Gateway.Management.Api;

/// <summary>Part of a configuration as a body, read by the rules of the file: no key twice, whatever its case, and no broken
/// text.</summary>
/// <param name="Json">What was sent; null when it is wrong.</param>
/// <param name="Errors">All that is wrong with it.</param>
internal sealed record ConfigurationBody(JsonObject? Json, IReadOnlyList<ConfigurationError> Errors)
{
    /// <summary>Called by the framework to read it.</summary>
    public static async ValueTask<ConfigurationBody> BindAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        await context.Request.Body.CopyToAsync(content, context.RequestAborted);
        var errors = new List<ConfigurationError>();
        var tree = content.Length == 0 ? null : JsonTree.Parse(content.ToArray(), "body", errors);
        if (content.Length == 0)
        {
            errors.Add(new("", null, "is empty", "Send a JSON object.", new Origin("body")));
        }

        return new(errors.Count == 0 ? MergePatch.ToJson(tree!) : null, errors);
    }
}
