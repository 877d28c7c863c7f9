using Gateway.Http.Plain;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Microsoft.Extensions.DependencyInjection;
using Yarp.ReverseProxy.Configuration;

namespace Gateway.Tests.Http.Plain;

public class PlainRoutesTests
{
    private static readonly ClusterConfig[] _clusters =
    [
        new()
        {
            ClusterId = "web",
            Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = "http://127.0.0.1:1" } },
        },
        new()
        {
            ClusterId = "tls",
            Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = "https://127.0.0.1:1" } },
        },
        new()
        {
            ClusterId = "sticky",
            SessionAffinity = new() { Enabled = true, AffinityKeyName = "k" },
            Destinations = new Dictionary<string, DestinationConfig> { ["a"] = new() { Address = "http://127.0.0.1:1" } },
        },
    ];

    [Theory]
    [InlineData("any.example", "/", "root")]
    [InlineData("any.example", "/x/y", "root")]
    [InlineData("any.example", "", "root")]
    [InlineData("any.example", "/api", "api")]
    [InlineData("any.example", "/API/v1", "api")]
    [InlineData("any.example", "/apis", "root")]
    [InlineData("any.example", "/api/health", "health")]
    [InlineData("any.example", "/api/health/", "health")]
    [InlineData("any.example", "/api/health/x", "api")]
    [InlineData("shop.example:8080", "/x", "shop")]
    [InlineData("SHOP.example", "/x", "shop")]
    [InlineData("shop.example", "/api/x", "api")]
    [InlineData("shop.example", "/api/user/7", null)]
    [InlineData("shop.example", "/posted", null)]
    public void Find_IsTheRouteOfRouting(string host, string path, string? expected)
    {
        var routes = PlainRoutes.Compile(
        [
            Route("root", "{**rest}"), Route("api", "/api/{**rest}"), Route("health", "/api/health"), Route("user", "/api/user/{id}"),
            Route("shop", "{**rest}", hosts: ["shop.example"]), Route("post", "/posted", methods: ["POST"]),
        ], _clusters);

        Assert.Equal(expected, routes.Find(host, path)?.RouteId);
    }

    [Fact]
    public void Find_WhatAsksForMore_IsNone()
    {
        RouteConfig[] asking =
        [
            Route("a", "{**r}") with { AuthorizationPolicy = "x" }, Route("a", "{**r}") with { RateLimiterPolicy = "x" },
            Route("a", "{**r}") with { Timeout = TimeSpan.FromSeconds(1) }, Route("a", "{**r}") with { TimeoutPolicy = "x" },
            Route("a", "{**r}") with { CorsPolicy = "x" }, Route("a", "{**r}") with { MaxRequestBodySize = 1 },
            Route("a", "{**r}") with { ClusterId = "tls" }, Route("a", "{**r}") with { ClusterId = "sticky" },
            Route("a", "{**r}") with { ClusterId = "gone" }, Route("a", "{**r}", hosts: ["*.example"]),
            Route("a", "{**r}") with { Transforms = [new Dictionary<string, string> { ["PathPrefix"] = "/x" }] },
        ];

        Assert.All(asking, route => Assert.Null(PlainRoutes.Compile([route], _clusters).Find("a.example", "/")));
        Assert.Null(PlainRoutes.Compile([Route("a", "{**r}"), Route("b", "{**r}")], _clusters).Find("a.example", "/"));
    }

    [Fact]
    public async Task Find_RandomTables_NeverAnotherThanRoutings()
    {
        var random = new Random(7);
        var found = 0;
        for (var table = 0; table < 150; table++)
        {
            var routes = Enumerable.Range(0, random.Next(1, 9)).Select(i => RandomRoute(random, $"r{i}")).ToArray();
            var plain = PlainRoutes.Compile(routes, _clusters);
            var routing = Routing(routes);
            for (var i = 0; i < 40; i++)
            {
                var (host, path) = (Pick(random, "a.example", "b.example:81", "x.b.example", "c"), RandomPath(random));
                if (plain.Find(host, path) is { } plan)
                {
                    found++;
                    Assert.Equal(await routing(host, path), plan.RouteId);
                }
            }
        }

        Assert.True(found > 500, $"{found} were found");
    }

    private static RouteConfig Route(
        string id, string path, IReadOnlyList<string>? hosts = null, IReadOnlyList<string>? methods = null, int? order = null) => new()
        {
            RouteId = id,
            ClusterId = "web",
            Order = order,
            Match = new RouteMatch { Path = path, Hosts = hosts, Methods = methods },
        };

    private static RouteConfig RandomRoute(Random random, string id) => Route(
        id,
        Pick(random, "{**r}", "/", "/a", "/a/{**r}", "/a/b", "/a/b/{**r}", "/A/{x}", "/a/{x}/{**r}", "/{x}", "/{x}/b", "/a/b/c", "/a-{x}", "/b/{*r}"),
        random.Next(3) == 0 ? [Pick(random, "a.example", "b.example", "*.b.example", "b.example:81")] : null,
        random.Next(8) == 0 ? [Pick(random, "GET", "POST")] : null,
        random.Next(4) == 0 ? random.Next(-1, 2) : null);

    private static string RandomPath(Random random)
    {
        var path = string.Concat(Enumerable.Range(0, random.Next(4)).Select(_ => "/" + Pick(random, "a", "b", "c", "A", "a-1", "")));
        return path.Length == 0 ? "/" : path;
    }

    private static string Pick(Random random, params string[] of) => of[random.Next(of.Length)];

    /// <summary>ASP.NET Core's own routing over the same routes, as YARP makes endpoints of them.</summary>
    private static Func<string, string, Task<string?>> Routing(RouteConfig[] routes)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore();
        builder.Services.AddRouting();
        builder.Services.AddLogging();
        var app = builder.Build();
        var pipeline = (IApplicationBuilder)app;
        app.UseRouting();
        foreach (var route in routes)
        {
            var endpoint = new RouteEndpointBuilder(_ => Task.CompletedTask, RoutePatternFactory.Parse(route.Match.Path!), route.Order ?? 0)
            {
                DisplayName = route.RouteId,
            };
            if (route.Match.Hosts is { } hosts)
            {
                endpoint.Metadata.Add(new HostAttribute([.. hosts]));
            }

            if (route.Match.Methods is { } methods)
            {
                endpoint.Metadata.Add(new HttpMethodMetadata(methods));
            }

            ((IEndpointRouteBuilder)app).DataSources.Add(new DefaultEndpointDataSource(endpoint.Build()));
        }

        string? chosen = null;
        pipeline.Run(context =>
        {
            chosen = context.GetEndpoint()?.DisplayName;
            return Task.CompletedTask;
        });
        var run = pipeline.Build();
        return async (host, path) =>
        {
            chosen = null;
            var context = new DefaultHttpContext { RequestServices = app.Services };
            context.Request.Method = "GET";
            context.Request.Host = new HostString(host);
            context.Request.Path = path;
            try
            {
                await run(context);
            }
            catch (InvalidOperationException)
            {
                return "ambiguous";
            }

            return chosen;
        };
    }
}
