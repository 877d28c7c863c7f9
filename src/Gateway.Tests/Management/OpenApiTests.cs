using System.Text.RegularExpressions;
using Microsoft.OpenApi;
using Microsoft.OpenApi.Reader;

namespace Gateway.Tests.Management;

/// <summary>The OpenAPI document, read as a generator of clients reads it.</summary>
public sealed partial class OpenApiTests
{
    [Fact]
    public async Task Document_IsValid_AndDescribesEveryOperation()
    {
        await using var gateway = await ManagedGateway.StartAsync("{}");
        using var text = await gateway.Api.GetStreamAsync("/openapi/v1.json");
        using var content = new MemoryStream();
        await text.CopyToAsync(content);
        content.Position = 0;

        var (document, diagnostic) = OpenApiModelFactory.Load(content, "json", new OpenApiReaderSettings());

        Assert.Empty(diagnostic!.Errors.Select(error => error.ToString()));
        Assert.Equal(["session", "token"], document!.Components!.SecuritySchemes!.Keys.Order());
        Assert.Equal("bearer", document.Components.SecuritySchemes["token"].Scheme);
        Assert.Equal(("gateway-management", ParameterLocation.Cookie), (document.Components.SecuritySchemes["session"].Name, document.Components.SecuritySchemes["session"].In));
        Assert.Contains("/api/v1/configuration/clusters/{id}/destinations/{destination}", document.Paths.Keys);
        Assert.Contains("/api/v1/clusters/{cluster}/destinations/{destination}/drain", document.Paths.Keys);
        foreach (var (path, item) in document.Paths)
        {
            foreach (var (method, operation) in item.Operations!)
            {
                var name = $"{method} {path}";
                Assert.False(string.IsNullOrEmpty(operation.Summary), $"{name} has no summary");
                Assert.Equal((name, string.Join(' ', InBraces().Matches(path).Select(match => match.Groups[1].Value))), (name, string.Join(' ',
                    (operation.Parameters ?? []).Where(parameter => parameter.In == ParameterLocation.Path && parameter.Required).Select(parameter => parameter.Name))));
                var isOpen = path == "/api/v1/session" && method == HttpMethod.Post;
                Assert.Equal((name, isOpen ? "" : "token session "), (name, string.Join(' ', (operation.Security ?? [])
                    .Select(requirement => requirement.Keys.FirstOrDefault()?.Reference.Id))));
                Assert.Equal((name, method == HttpMethod.Put || method == HttpMethod.Patch), (name, operation.RequestBody is not null && method != HttpMethod.Post));
            }
        }

        string[] bodies = ["/api/v1/drains", "/api/v1/session", "/api/v1/clusters/{cluster}/destinations/{destination}/weight"];
        Assert.All(bodies, path => Assert.NotEmpty(
            document.Paths[path].Operations![HttpMethod.Post].RequestBody!.Content!["application/json"].Schema!.Properties!));
    }

    [GeneratedRegex("""\{(\w+)\}""")]
    private static partial Regex InBraces();
}
