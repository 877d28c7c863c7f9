using System.Net;

namespace Gateway.Demo;

/// <summary>The demo's own HTTP endpoint, by which its sample destinations are stopped and started.</summary>
internal static class DemoControl
{
    public static async Task<WebApplication> StartAsync(IReadOnlyList<SampleDestination> destinations, int port)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port));
        builder.Services.AddRoutingCore();
        var app = builder.Build();
        app.MapGet("/", (RequestDelegate)(context => ShowAsync(context, destinations)));
        app.MapPost("/{name}/stop", (RequestDelegate)(context => ActAsync(context, destinations, d => d.StopAsync())));
        app.MapPost("/{name}/start", (RequestDelegate)(context => ActAsync(context, destinations, d => d.StartAsync())));
        await app.StartAsync();
        return app;
    }

    private static Task ShowAsync(HttpContext context, IReadOnlyList<SampleDestination> destinations) =>
        context.Response.WriteAsync(
            string.Concat(destinations.Select(d => $"{d.Name} is {(d.IsRunning ? "running" : "stopped")}\n")),
            context.RequestAborted);

    private static async Task ActAsync(
        HttpContext context, IReadOnlyList<SampleDestination> destinations, Func<SampleDestination, Task> act)
    {
        var name = (string?)context.GetRouteValue("name");
        if (destinations.FirstOrDefault(d => d.Name == name) is not { } destination)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync(
                $"There is no destination '{name}'; use one of {string.Join(", ", destinations.Select(d => d.Name))}.\n");
            return;
        }

        await act(destination);
        await ShowAsync(context, destinations);
    }
}
