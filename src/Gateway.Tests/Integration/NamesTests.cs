using System.Net;
using System.Net.Sockets;
using System.Text;
using Gateway.Tests.Support;

namespace Gateway.Tests.Integration;

/// <summary>The whole program with destinations by name: a real DNS server whose records change, and real web servers.
/// </summary>
public class NamesTests
{
    [NeedsFact("dnsmasq", "nginx")]
    public async Task Name_RecordsChange_TrafficFollowsOverHttpAndTcp()
    {
        const string Echo = "location /host { return 200 $http_host; }";
        await using var first = await Nginx.StartAsync("first", IPAddress.Parse("127.0.0.31"), server: Echo);
        await using var second = await Nginx.StartAsync("second", IPAddress.Parse("127.0.0.32"), first.EndPoint.Port, server: Echo);
        await using var dnsmasq = await Dnsmasq.StartAsync("local-ttl=0", "host-record=web.test,127.0.0.31");
        await using var gateway = await RunningGateway.StartAsync($$"""
            {
              "Names": { "Servers": "{{dnsmasq.EndPoint}}", "MinTtl": "00:00:00.1" },
              "ReverseProxy": {
                "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
                "Clusters": {
                  "web": { "LoadBalancingPolicy": "rr", "Destinations": { "a": { "Address": "http://web.test:{{first.EndPoint.Port}}" } } },
                  "tcp": { "LoadBalancingPolicy": "rr", "Destinations": { "a": { "Address": "tcp://web.test:{{first.EndPoint.Port}}" } } }
                }
              },
              "VirtualServers": { "tcp": { "Listen": "127.0.0.1:0", "ClusterId": "tcp" } }
            }
            """);

        Assert.Equal(["first"], await AskAsync(gateway));
        // The name is what was asked for, not its address.
        Assert.Equal($"web.test:{first.EndPoint.Port}", await gateway.Client.GetStringAsync("/host"));

        await dnsmasq.StartAgainAsync("local-ttl=0", "host-record=web.test,127.0.0.31", "host-record=web.test,127.0.0.32");
        await BecomesAsync(gateway, "first", "second");
        Assert.Equal(["a[127.0.0.31]", "a[127.0.0.32]"], gateway.Store.Current.FindCluster("web")!.Destinations.Select(one => one.Id));

        await dnsmasq.StartAgainAsync("local-ttl=0", "host-record=web.test,127.0.0.32");
        await BecomesAsync(gateway, "second");

        // Without a resolver things stay as they are, however often the name is looked up.
        await dnsmasq.KillAsync();
        using var broken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        broken.Bind(dnsmasq.EndPoint);
        for (var i = 0; i < 6; i++)
        {
            await FailAsync(broken);
        }

        Assert.Equal(["second"], await AskAsync(gateway));
    }

    [NeedsFact("dnsmasq", "nginx")]
    public async Task Service_Records_SetPortAndBackup()
    {
        await using var main = await Nginx.StartAsync("main", IPAddress.Parse("127.0.0.33"));
        await using var spare = await Nginx.StartAsync("spare", IPAddress.Parse("127.0.0.34"));
        await using var dnsmasq = await Dnsmasq.StartAsync(
            "local-ttl=1", "host-record=main.test,127.0.0.33", "host-record=spare.test,127.0.0.34",
            $"srv-host=_http._tcp.test,main.test,{main.EndPoint.Port},10,5",
            $"srv-host=_http._tcp.test,spare.test,{spare.EndPoint.Port},20,5");
        await using var gateway = await RunningGateway.StartAsync($$"""
            {
              "Names": { "Servers": "{{dnsmasq.EndPoint}}" },
              "ReverseProxy": {
                "Routes": { "web": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
                "Clusters": {
                  "web": {
                    "LoadBalancingPolicy": "rr",
                    "Probe": { "Interval": "00:00:00.1", "Timeout": "00:00:00.1", "Fall": 1, "InitiallyUp": true },
                    "Destinations": { "a": { "Address": "http://_http._tcp.test", "Resolve": "srv" } }
                  }
                }
              }
            }
            """);

        Assert.Equal("main", await gateway.Client.GetStringAsync("/"));
        await main.KillAsync();
        await Eventually.TrueAsync(async () => await AskOnceAsync(gateway) == "spare", "the backup serves");
    }

    // Answers one question with SERVFAIL (RFC 1035, section 4.1.1).
    private static async Task FailAsync(Socket server)
    {
        const byte Answer = 0x80;
        const byte ServerFailure = 2;
        var message = new byte[1500];
        var question = await server.ReceiveFromAsync(message, new IPEndPoint(IPAddress.Any, 0)).WaitAsync(TimeSpan.FromSeconds(30));
        message[2] |= Answer;
        message[3] = (byte)((message[3] & 0xf0) | ServerFailure);
        await server.SendToAsync(message.AsMemory(0, question.ReceivedBytes), question.RemoteEndPoint);
    }

    private static Task BecomesAsync(RunningGateway gateway, params string[] names) => Eventually.TrueAsync(
        async () => (await AskAsync(gateway)).SequenceEqual(names), string.Join(" and ", names));

    // Who answers, over HTTP and, if there is one, through the virtual server; both must see the same.
    private static async Task<string[]> AskAsync(RunningGateway gateway)
    {
        var (http, tcp) = (new SortedSet<string>(), new SortedSet<string>());
        for (var i = 0; i < 4; i++)
        {
            http.Add(await AskOnceAsync(gateway));
            tcp.Add(await AskTcpAsync(gateway.VirtualServer("tcp")));
        }

        return http.SetEquals(tcp) ? [.. http] : [];
    }

    private static async Task<string> AskOnceAsync(RunningGateway gateway)
    {
        using var response = await gateway.Client.GetAsync("/");
        return response.IsSuccessStatusCode ? await response.Content.ReadAsStringAsync() : $"{response.StatusCode}";
    }

    private static async Task<string> AskTcpAsync(IPEndPoint endPoint)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(endPoint);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(stream, Encoding.ASCII);
        return (await reader.ReadToEndAsync()).Split("\r\n\r\n")[^1];
    }
}
