using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gateway.Tests.Support;

/// <summary>A real HTTP server on a free loopback port that answers as the test says, and counts what it was asked.</summary>
internal sealed class HttpDestination : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _requests;

    private HttpDestination(WebApplication app, string name)
    {
        _app = app;
        Name = name;
    }

    public string Name { get; }

    public int Port => new Uri(_app.Urls.First()).Port;

    public string Address => $"http://127.0.0.1:{Port}";

    /// <summary>How many requests came.</summary>
    public int Requests => Volatile.Read(ref _requests);

    /// <summary>The X-Forwarded-For header of every request, in no order.</summary>
    public ConcurrentBag<string> ForwardedFor { get; } = [];

    /// <param name="name">The body of every answer, unless <paramref name="answer"/> says otherwise.</param>
    /// <param name="answer">What to do with a request.</param>
    /// <param name="port">The port; 0 is a free one.</param>
    /// <param name="protocols">HTTP versions to speak without TLS.</param>
    public static async Task<HttpDestination> StartAsync(
        string name, RequestDelegate? answer = null, int port = 0, HttpProtocols protocols = HttpProtocols.Http1)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = protocols);
        });
        var app = builder.Build();
        var destination = new HttpDestination(app, name);
        app.UseWebSockets();
        app.Run(context =>
        {
            Interlocked.Increment(ref destination._requests);
            destination.ForwardedFor.Add(context.Request.Headers["X-Forwarded-For"].ToString());
            return answer is null ? context.Response.WriteAsync(name) : answer(context);
        });
        await app.StartAsync();
        return destination;
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}
