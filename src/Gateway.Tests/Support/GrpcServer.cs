using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Gateway.Tests.Support;

/// <summary>A gRPC server with the library's own health service: healthy as a whole and as <c>shop.v1.Cart</c>, not as
/// <c>shop.v1.Broken</c>.</summary>
internal sealed class GrpcServer(WebApplication app, IPEndPoint endPoint) : IAsyncDisposable
{
    public IPEndPoint EndPoint { get; } = endPoint;

    public static async Task<GrpcServer> StartAsync()
    {
        var endPoint = new IPEndPoint(IPAddress.Loopback, FreePort.On(IPAddress.Loopback));
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(endPoint, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc();
        builder.Services.AddGrpcHealthChecks(options =>
            {
                options.Services.Map("", check => check.Tags.Contains("good"));
                options.Services.Map("shop.v1.Cart", check => check.Tags.Contains("good"));
                options.Services.Map("shop.v1.Broken", check => check.Tags.Contains("bad"));
                options.UseHealthChecksCache = false;
            })
            .AddCheck("good", () => HealthCheckResult.Healthy(), ["good"])
            .AddCheck("bad", () => HealthCheckResult.Unhealthy(), ["bad"]);
        var app = builder.Build();
        app.MapGrpcHealthChecksService();
        await app.StartAsync();
        return new GrpcServer(app, endPoint);
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
