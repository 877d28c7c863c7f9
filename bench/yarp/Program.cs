// The peer to compare with: YARP as its documentation shows it, default settings, logging off.
//   BareYarp HTTP-PORT HTTPS-PORT
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Yarp.ReverseProxy.Configuration;

var httpPort = int.Parse(args[0], CultureInfo.InvariantCulture);
var httpsPort = int.Parse(args[1], CultureInfo.InvariantCulture);

var route = new RouteConfig { RouteId = "all", ClusterId = "http", Match = new() { Path = "{**catch-all}" } };
var cluster = new ClusterConfig
{
    ClusterId = "http",
    LoadBalancingPolicy = "RoundRobin",
    Destinations = new Dictionary<string, DestinationConfig>
    {
        ["1"] = new() { Address = "http://127.0.0.1:19001/" },
        ["2"] = new() { Address = "http://127.0.0.1:19002/" },
        ["3"] = new() { Address = "http://127.0.0.1:19003/" },
    },
};

var builder = WebApplication.CreateBuilder();
builder.Logging.ClearProviders();
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.Listen(IPAddress.Loopback, httpPort, listener => listener.Protocols = HttpProtocols.Http1);
    kestrel.Listen(IPAddress.Loopback, httpsPort, listener =>
        listener.UseHttps(X509Certificate2.CreateFromPemFile("run/tls/cert.pem", "run/tls/key.pem")));
});
builder.Services.AddReverseProxy().LoadFromMemory([route], [cluster]);

var app = builder.Build();
app.MapReverseProxy();
app.Run();
