using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Gateway.Clusters;
using Gateway.Queueing;
using Gateway.Relay;
using Gateway.Scheduling;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gateway.Tests.Support;

/// <summary>A relay with one virtual server on loopback in front of a cluster, and the records of what ended.</summary>
internal sealed class RelayRig : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    private readonly Channel<ConnectionRecord> _records = Channel.CreateUnbounded<ConnectionRecord>();
    private readonly ConcurrentBag<Socket> _clients = [];

    /// <param name="engine">As <c>Relay:Engine</c>.</param>
    /// <param name="time">The clock; null is the real one.</param>
    /// <param name="lookUp">Finds the addresses of names; null asks the system.</param>
    public RelayRig(string engine, TimeProvider? time = null, Func<string, Task<IPAddress[]>>? lookUp = null)
    {
        Store = new ClusterStore(time ?? TimeProvider.System);
        var schedulers = new ClusterSchedulers(Store);
        Queues = new ClusterQueues(Store, schedulers, time ?? TimeProvider.System);
        Service = new RelayService(
            Store,
            schedulers,
            Queues,
            time ?? TimeProvider.System,
            NullLogger<RelayService>.Instance,
            new RelayOptions { Engine = engine, Loops = 2 },
            new NameCache(time ?? TimeProvider.System, lookUp));
        Service.Connections.Ended += record => _records.Writer.TryWrite(record);
    }

    public ClusterStore Store { get; }

    public RelayService Service { get; }

    public ClusterQueues Queues { get; }

    public VirtualServerOptions Options { get; set; } = new()
    {
        Id = "vs",
        ClusterId = "c",
        Listen = [new IPEndPoint(IPAddress.Loopback, 0)],
    };

    public VirtualServer VirtualServer => Service.VirtualServers[0];

    /// <summary>Starts the relay in front of these destinations, named A, B, C, ... in order.</summary>
    public async Task RunAsync(params EndPoint[] destinations)
    {
        Apply(destinations);
        await Service.StartAsync(CancellationToken.None);
    }

    public void Apply(params EndPoint[] destinations) => Store.Apply([Cluster(destinations)], [Options]);

    public static ClusterOptions Cluster(params EndPoint[] destinations) => new()
    {
        Id = "c",
        Scheduler = new SchedulerOptions { Name = "rr" },
        Destinations = [.. destinations.Select((endPoint, i) => new DestinationOptions
        {
            Id = ((char)('A' + i)).ToString(),
            Address = new Uri("tcp://" + (endPoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endPoint.ToString())),
        })],
    };

    /// <summary>The counters of a destination.</summary>
    public DestinationState State(string id) => Store.Current.FindCluster("c")!.Find(id)!.State;

    /// <summary>Connects a client to the first listener.</summary>
    public async Task<Socket> ConnectAsync(int listener = 0)
    {
        var endPoint = Service.Listeners[listener].Bound!;
        var client = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _clients.Add(client);
        await client.ConnectAsync(endPoint);
        return client;
    }

    /// <summary>Connects a client that the relay is to reset, which may come before the client knows it is connected.</summary>
    public async Task ConnectResetAsync()
    {
        var error = await Assert.ThrowsAsync<SocketException>(async () =>
        {
            var client = await ConnectAsync();
            await client.ReceiveAsync(new byte[1]).WaitAsync(_deadline);
        });
        Assert.Equal(SocketError.ConnectionReset, error.SocketErrorCode);
    }

    /// <summary>The record of the next connection that ends.</summary>
    public async Task<ConnectionRecord> EndedAsync() => await _records.Reader.ReadAsync().AsTask().WaitAsync(_deadline);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Dispose();
        }

        await Service.StopAsync(new CancellationToken(canceled: true));
        Queues.Dispose();
    }
}
