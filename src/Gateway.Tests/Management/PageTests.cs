using Deque.AxeCore.Playwright;
using Gateway.Tests.Support;
using Microsoft.Playwright;

namespace Gateway.Tests.Management;

/// <summary>A Gateway of two destinations, and its pages in a real Chromium.</summary>
public abstract class PageTests(Chromium chromium) : IClassFixture<Chromium>, IAsyncLifetime
{
    private IPage? _page;

    private protected HttpDestination A { get; private set; } = null!;

    private protected HttpDestination B { get; private set; } = null!;

    private protected ManagedGateway Gateway { get; set; } = null!;

    private protected string Configuration => $$"""
        {
          "ReverseProxy": {
            "Routes": { "all": { "ClusterId": "web", "Match": { "Path": "{**rest}" } } },
            "Clusters": {
              "web": {
                "LoadBalancingPolicy": "wrr",
                "Destinations": { "a": { "Address": "{{A.Address}}", "Weight": 3 }, "b": { "Address": "{{B.Address}}" } }
              }
            }
          }
        }
        """;

    public async Task InitializeAsync()
    {
        A = await HttpDestination.StartAsync("a");
        B = await HttpDestination.StartAsync("b");
        Gateway = await ManagedGateway.StartAsync(Configuration);
    }

    public async Task DisposeAsync()
    {
        if (_page is not null)
        {
            await _page.Context.DisposeAsync();
        }

        await Gateway.DisposeAsync();
        await A.DisposeAsync();
        await B.DisposeAsync();
    }

    /// <summary>What the browser complained of: scripts that failed, and what the security policy forbade.</summary>
    protected List<string> Complaints { get; } = [];

    protected string Url(string path) => $"http://{Gateway.EndPoint}{path}";

    protected async Task<IPage> OpenAsync(string path, bool phone = false)
    {
        var browser = await chromium.StartAsync();
        var page = _page = await browser.NewPageAsync(new()
        {
            ViewportSize = phone ? new() { Width = 360, Height = 740 } : new() { Width = 1280, Height = 800 },
            ColorScheme = phone ? ColorScheme.Dark : ColorScheme.Light,
        });
        page.SetDefaultTimeout(60_000);
        Assertions.SetDefaultExpectTimeout(60_000);
        page.Console += (_, message) =>
        {
            // A check that refuses what is half typed is no complaint, nor is one that finds that somebody else was faster.
            if (message.Type == "error" && !message.Text.Contains("422", StringComparison.Ordinal) && !message.Text.Contains("412", StringComparison.Ordinal))
            {
                Complaints.Add(message.Text);
            }
        };
        page.PageError += (_, error) => Complaints.Add(error);
        await page.GotoAsync(Url(path));
        return page;
    }

    protected static Task<byte[]> SaveAsync(IPage page, string name) => page.ScreenshotAsync(new()
    {
        Path = Path.Combine(SourceTree.Root, "artifacts", "screenshots", $"{name}.png"),
        FullPage = true,
    });

    /// <summary>No serious violation that axe-core finds.</summary>
    protected static async Task AssertAccessibleAsync(IPage page)
    {
        var found = await page.RunAxe();
        Assert.Empty(found.Violations.Where(violation => violation.Impact is "serious" or "critical")
            .Select(violation => $"{violation.Id}: {string.Join(' ', violation.Nodes.Take(3).Select(node => node.Html))}"));
    }
}
