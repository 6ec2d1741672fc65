{
  description = "Verifies that a container image is what its maker says it is";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  # It was written without Nix at hand: nobody has built it yet.
  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
      manifest = (nixpkgs.lib.importTOML ./Cargo.toml).package;
      package = pkgs: pkgs.rustPlatform.buildRustPackage {
        pname = manifest.name;
        version = manifest.version;
        src = self;
        cargoLock.lockFile = ./Cargo.lock;
        nativeBuildInputs = [ pkgs.cmake pkgs.installShellFiles ];
        # The tests are for the repository, and need its tools.
        doCheck = false;
        postInstall = ''
          $out/bin/bonafide man > bonafide.1
          for shell in bash zsh fish; do $out/bin/bonafide completions $shell > bonafide.$shell; done
          installManPage bonafide.1
          installShellCompletion bonafide.{bash,zsh,fish}
        '';
        meta = {
          inherit (manifest) description;
          license = pkgs.lib.licenses.asl20;
          mainProgram = "bonafide";
        };
      };
    in
    {
      packages = nixpkgs.lib.genAttrs systems (system: { default = package nixpkgs.legacyPackages.${system}; });
    };
}
